/** R10 in small; `npm run chaos -- submits` has more of it. */
import { expect, it } from "vitest";
import { runSubmits } from "../../chaos/submits.ts";

it("makes one deployment of a thousand equal requests, and only histories one caller at a time could have had (R10)", async () => {
  const { result, failures } = await runSubmits({ submits: 1000, histories: 6, seed: 7, say: () => undefined });
  expect(failures).toEqual([]);
  expect(result).toMatchObject({ cases: 7, terminal: 7, orphans: 0, duplicates: 0, lost: 0, ok: true });
}, 600_000);

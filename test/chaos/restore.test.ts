/** A sample of `npm run chaos -- restore`: a damaged or lost state costs nothing that was made. */
import { expect, it } from "vitest";
import { sampleOptions } from "../../chaos/chaos-test.ts";
import { restore } from "../../chaos/restore.ts";

it("a stack whose newest state is damaged or gone converges; no database is made anew, no row lost (R14)", async () => {
  const { result, failures } = await restore.run(sampleOptions);
  expect(failures).toEqual([]);
  expect(result).toMatchObject({ ok: true, orphans: 0, duplicates: 0, lost: 0 });
  expect(result.cases).toBeGreaterThan(8);
  expect(result.terminal).toBe(result.cases);
});

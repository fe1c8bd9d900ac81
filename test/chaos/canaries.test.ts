/** R8 in small; `npm run chaos -- canaries` has Airflow, changes and plans as well. */
import { expect, it } from "vitest";
import { runCanaries } from "../../chaos/canaries.ts";

it("finds no secret outside the places it may stand in, after a success, a failure and a crash (R8)", async () => {
  const { result, failures, table } = await runCanaries({ isFull: false, say: () => undefined });
  expect(failures).toEqual([]);
  expect(result).toMatchObject({ lost: 0, ok: true });
  const figure = (name: string) => Number(table.find(([what]) => what === name)?.[1]);
  expect(figure("secrets looked for")).toBeGreaterThan(30);
  expect(figure("processes seen")).toBeGreaterThan(20);
  // A search that sees nothing would pass too: what may be found must have been found, of every kind but two.
  const allowed = table.filter(([what]) => what?.startsWith("allowed: "));
  expect(allowed.filter(([, count]) => Number(count) > 0).length).toBeGreaterThanOrEqual(allowed.length - 2);
}, 900_000);

/** R2 in small; `npm run chaos -- fencing --all` has every part, place, point and clock. */
import { expect, it } from "vitest";
import { sampleOptions } from "../../chaos/chaos-test.ts";
import { fencing } from "../../chaos/fencing.ts";

it("whoever sleeps past its lease writes nothing afterwards, and a wall clock that jumps costs no lease (R2)", async () => {
  const { result, figures, failures } = await fencing.run(sampleOptions);
  expect(failures).toEqual([]);
  expect(result).toMatchObject({ cases: 9, terminal: 9, orphans: 0, duplicates: 0, lost: 0, ok: true });
  expect(figures).toMatchObject({ lateWritesAccepted: 0, takenOver: 6 });
  expect(figures?.lateWritesTried).toBeGreaterThan(0);
});

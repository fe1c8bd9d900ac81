/** A sample of `npm run chaos -- matrix --all`: each way to die at least twice, each point and each resource too. */
import { expect, it } from "vitest";
import { sampleOptions } from "../../chaos/chaos-test.ts";
import { matrix } from "../../chaos/matrix.ts";

it("whatever dies or sleeps at any point of a step, the operation ends, nothing is doubled, lost or left behind (R1)", async () => {
  const { result, failures } = await matrix.run(sampleOptions);
  expect(failures).toEqual([]);
  expect(result).toMatchObject({ ok: true, orphans: 0, duplicates: 0, lost: 0 });
  expect(result.cases).toBeGreaterThanOrEqual(36);
  expect(result.terminal).toBe(result.cases);
});

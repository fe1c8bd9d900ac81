/** R4 and R5 in small; `npm run chaos -- faults postgres-stops` goes on for longer. */
import { expect, it } from "vitest";
import { sampleOptions } from "../../chaos/chaos-test.ts";
import { runFaults } from "../../chaos/faults.ts";
import { runStops } from "../../chaos/postgres-stops.ts";

const small = { ...sampleOptions, seed: 3, servers: 1, workers: 2, people: 3, leaseSeconds: 5 };

it("whatever the line to PostgreSQL does, each accepted operation has its row and ends once (R4)", async () => {
  const { result, failures } = await runFaults({ ...small, count: 1, seconds: { bad: 2, good: 0.2 } });
  expect(failures).toEqual([]);
  expect(result).toMatchObject({ cases: 10, orphans: 0, duplicates: 0, lost: 0, ok: true });
  expect(result.terminal).toBeGreaterThan(0);
});

it("PostgreSQL stopped at once under load loses nothing that was acknowledged (R5)", async () => {
  const { result, figures, failures } = await runStops({ ...small, count: 3 });
  expect(failures).toEqual([]);
  expect(result).toMatchObject({ cases: 3, orphans: 0, duplicates: 0, lost: 0, ok: true });
  expect(figures?.acceptedSecondsLongest).toBeLessThan(60);
});

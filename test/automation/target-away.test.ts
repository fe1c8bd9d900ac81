/** A target that does not answer before the engine runs, a cluster that is away: its operation waits and holds nobody up. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ControlPlane, startControlPlane } from "../support/control-plane.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

let server: ScratchPostgres;
let plane: ControlPlane;
let answer = () => {};

beforeAll(async () => {
  server = await startScratchPostgres();
  plane = await startControlPlane(server);
});
afterAll(async () => {
  // A worker that still waits would keep everything up.
  answer();
  await plane?.stop();
  await server?.stop();
});

it("an operation waits for its target without its engine slot: others run meanwhile, and it goes on when the target answers (R12)", async () => {
  const waiting = await plane.deploy({ bench_resources: 1 });
  const other = await plane.deploy({ bench_resources: 1 });
  const { local } = plane.workerDeps().drivers;
  if (local === undefined) throw new Error("There is no local driver");
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const untilReachable: typeof local.untilReachable = async ({ identity }, _io, onWait) => {
    if (identity.deploymentId !== waiting.deploymentId) return;
    onWait();
    await answered;
  };
  await plane.startWorker({ slots: 1, drivers: { local: { ...local, untilReachable } } });

  expect((await plane.ended(other.operation.id)).status).toBe("succeeded");
  const { status, ended_at: endedAt } = await plane.until(waiting.operation.id, ({ step }) => step === "prepare");
  expect([status, endedAt]).toEqual(["running", null]);
  answer();
  expect((await plane.ended(waiting.operation.id)).status).toBe("succeeded");
});

/** A real worker process that is drained: takes nothing more, ends what it runs, goes on when told so (NH-15). */
import { afterAll, beforeAll, expect, it } from "vitest";
import { queuePlaces } from "../../src/automation/operations/queue-place.ts";
import { askToDrain, listWorkers } from "../../src/server/services/workers.ts";
import { workerView } from "../../src/server/views/organization-view.ts";
import { type ControlPlane, startControlPlane } from "../support/control-plane.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";
import type { WorkerProcess } from "../support/worker-child.ts";

let server: ScratchPostgres;
let plane: ControlPlane;
let worker: WorkerProcess;

beforeAll(async () => {
  server = await startScratchPostgres();
  plane = await startControlPlane(server);
  worker = await plane.spawnWorker();
});
afterAll(async () => {
  await plane?.stop();
  await server?.stop();
});

const ask = (wanted: boolean) => plane.store.asPlatform((db) => askToDrain(db, worker.id, wanted));
const shown = async () => {
  const rows = await plane.store.asPlatform(listWorkers);
  const row = rows.find(({ id }) => id === worker.id);
  return row && workerView(row, new Date());
};

it("ends what it runs, takes nothing more, shows drained, and takes the waiting operation when resumed", async () => {
  const held = plane.gate.hold(({ point }) => point === "before-call");
  const first = await plane.deploy({ bench_resources: 2 });
  await held.there;
  await ask(true);
  await expect.poll(async () => (await shown())?.state).toBe("draining");
  const second = await plane.deploy({ bench_resources: 1 });
  expect(await shown()).toMatchObject({ state: "draining", operations: 1 });
  expect((await queuePlaces(plane.store, [second.operation.id]))[0]?.waitsFor).toBe("worker");

  held.go();
  expect((await plane.ended(first.operation.id)).status).toBe("succeeded");
  await expect.poll(shown).toMatchObject({ state: "drained", operations: 0 });
  // The free slot has asked the queue again by now, if it was ever going to.
  expect((await plane.until(second.operation.id, () => true)).status).toBe("queued");

  await ask(false);
  expect(await plane.ended(second.operation.id)).toMatchObject({ status: "succeeded", attempt: 1 });
  expect(await shown()).toMatchObject({ state: "running", drain_requested_at: null });
});

/** Does by hand what a worker does to an operation, so that HTTP tests need no engine. */
import { recordDeploymentFailure, recordDeploymentSuccess } from "../../src/automation/operations/deployment-facts.ts";
import { appendEvents, type NewOperationEvent } from "../../src/automation/operations/event-log.ts";
import { knownHere } from "../../src/automation/worker/claim.ts";
import { registerWorker } from "../../src/automation/worker/leases.ts";
import { newId } from "../../src/domain/ids.ts";
import type { OperationError } from "../../src/domain/operation.ts";
import type { Store } from "../../src/store/database.ts";
import type { ReceiptItem } from "../../src/store/tables/stacks.ts";

/** Makes a worker known that runs nothing. @returns its id */
export async function addWorker(store: Store, node: string = newId("worker")): Promise<string> {
  const id = newId("worker");
  const facts = { node, host: "h", pid: 1, slots: 1, version: "test", capabilities: [`local:${node}`] };
  await registerWorker(store, { id, ...facts, knows: knownHere });
  return id;
}

/** Claims a queued operation. */
export async function begin(store: Store, operationId: string): Promise<void> {
  await store.asPlatform(async (db) => {
    await db
      .updateTable("operations")
      .set({ status: "running", started_at: new Date(), lease_owner: "wrk_test", lease_generation: 1, attempt: 1 })
      .where("id", "=", operationId)
      .where("status", "=", "queued")
      .execute();
    await appendEvents(db, operationId, [{ type: "status", data: { status: "running" } }]);
  });
}

/** Tells how far it is. */
export async function progress(store: Store, operationId: string, phase: string, message: string): Promise<void> {
  await store.asPlatform(async (db) => {
    await db.updateTable("operations").set({ phase, message }).where("id", "=", operationId).execute();
    await appendEvents(db, operationId, [{ type: "phase", data: { phase, message } }]);
  });
}

export const append = (store: Store, operationId: string, events: NewOperationEvent[]): Promise<void> =>
  store.asPlatform((db) => appendEvents(db, operationId, events));

export interface Ending {
  error?: OperationError;
  outputs?: Record<string, unknown>;
  receipt?: ReceiptItem[];
  result?: Record<string, unknown>;
}

/** Ends an operation, queued or running, and records what that means for its deployment. */
export async function finish(store: Store, operationId: string, ending: Ending = {}): Promise<void> {
  await begin(store, operationId);
  await store.asPlatform(async (db) => {
    const now = new Date();
    const status = ending.error ? "failed" : "succeeded";
    const operation = await db
      .updateTable("operations")
      .set({
        status,
        ended_at: now,
        error: ending.error ? JSON.stringify(ending.error) : null,
        result: ending.result ? JSON.stringify(ending.result) : null,
        lease_owner: null,
      })
      .where("id", "=", operationId)
      .where("status", "=", "running")
      .returningAll()
      .executeTakeFirstOrThrow();
    if (ending.error) await recordDeploymentFailure(db, operation, ending.error, now);
    else await recordDeploymentSuccess(db, operation, ending, now);
    await appendEvents(db, operationId, [
      { type: "status", data: { status } },
      { type: "end", data: { status, ...(ending.error ? { error: ending.error } : {}) } },
    ]);
  });
}

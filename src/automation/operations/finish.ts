/** Ends an operation, or hands it back to the queue: fenced by its lease, in one transaction with what it means. */
import { sql } from "kysely";
import type { CanceledResult } from "../../domain/canceled-result.ts";
import type { OperationError, OperationType } from "../../domain/operation.ts";
import { operationTypes } from "../../domain/operation.ts";
import { writeAudit } from "../../store/audit.ts";
import type { Scoped, Store } from "../../store/database.ts";
import type { Operation } from "../../store/tables/operations.ts";
import { noteOperationEnd } from "../access/sync-records.ts";
import {
  type OperationSuccess,
  recordCanceledDeployment,
  recordDeploymentFailure,
  recordDeploymentSuccess,
} from "./deployment-facts.ts";
import { appendEvents, type Lease } from "./event-log.ts";
import { raiseFence } from "./fence.ts";
import { lockDeploymentOf } from "./locks.ts";

export type Ending =
  | { status: "succeeded"; result?: Record<string, unknown>; facts: OperationSuccess }
  | { status: "failed"; error: OperationError }
  | { status: "canceled"; result: CanceledResult };

/**
 * Ends the operation.
 * @param also written in the same transaction, for example secret outputs into custody
 * @returns false when the lease is no longer ours; nothing was changed then
 */
export async function finishOperation(
  store: Store,
  lease: Lease,
  ending: Ending,
  also: (db: Scoped) => Promise<void> = async () => undefined,
): Promise<boolean> {
  return store.asPlatform(async (db) => {
    await lockDeploymentOf(db, lease.operationId);
    const operation = await db
      .updateTable("operations")
      .set({
        status: ending.status,
        // Of the database's clock, as the beginning is: a worker's own may be wrong.
        ended_at: sql<Date>`now()`,
        lease_until: null,
        process: null,
        message: endMessage(ending),
        // The phase it stopped in is the row's own.
        ...(ending.status === "failed" ? { error: withPhase(ending.error) } : {}),
        ...(ending.status !== "failed" && ending.result !== undefined ? { result: JSON.stringify(ending.result) } : {}),
      })
      .where("id", "=", lease.operationId)
      .where("lease_owner", "=", lease.owner)
      .where("lease_generation", "=", lease.generation)
      .where("status", "=", "running")
      .returningAll()
      .executeTakeFirst();
    if (!operation) return false;

    const now = operation.ended_at ?? new Date();
    if (ending.status === "succeeded") await recordDeploymentSuccess(db, operation, ending.facts, now);
    else if (ending.status === "failed") await recordDeploymentFailure(db, operation, ending.error, now);
    else await recordCanceledDeployment(db, operation, now);
    await noteOperationEnd(db, operation);
    await also(db);
    await writeAudit(db, {
      organizationId: operation.organization_id,
      actor: operation.requested_by,
      origin: operation.origin,
      requestId: operation.request_id ?? undefined,
      action: operation.type,
      targetType: operation.resource_type,
      targetId: operation.resource_id,
      change: { operation_id: operation.id, status: ending.status },
      outcome: ending.status === "succeeded" ? "done" : "failed",
    });
    const error = operation.error === null ? {} : { error: operation.error };
    await appendEvents(db, operation.id, [
      { type: "status", data: { status: ending.status } },
      { type: "end", data: { status: ending.status, ...error } },
    ]);
    await wakeWaiting(db, operation);
    return true;
  });

  function endMessage(end: Ending): string {
    return end.status === "failed" ? end.error.message : end.status === "canceled" ? "Canceled" : "Done";
  }
}

const withPhase = (error: OperationError) =>
  sql<string>`${JSON.stringify(error)}::jsonb || jsonb_build_object('phase', phase)`;

/**
 * Hands a running operation back to the queue with a new generation.
 * @returns false when the lease is no longer ours
 */
export async function requeueOperation(
  store: Store,
  lease: Lease,
  reason: { error: OperationError; delayMilliseconds: number },
): Promise<boolean> {
  return store.asPlatform(async (db) => {
    const operation = await lockRunning(db, lease);
    if (!operation) return false;
    await putBack(db, operation, {
      delayMilliseconds: reason.delayMilliseconds,
      message: `${operationTypes[operation.type as OperationType]?.doing ?? "Working"}: trying again`,
    });
    await appendEvents(db, operation.id, [
      {
        type: "attempt",
        data: { attempt: operation.attempt, cause: reason.error.code, message: reason.error.message },
      },
      { type: "status", data: { status: "queued" } },
    ]);
    return true;
  });
}

/** Puts a locked, running operation back: new generation on fence and row, no lease; the process record stays. */
export async function putBack(
  db: Scoped,
  operation: Operation,
  options: { delayMilliseconds: number; message: string },
): Promise<void> {
  const atLeast = operation.lease_generation + 1;
  const generation =
    operation.slot === "reading"
      ? atLeast
      : await raiseFence(db, { stackName: operation.resource_id, operationId: operation.id, atLeast });
  await db
    .updateTable("operations")
    .set({
      status: "queued",
      lease_owner: null,
      lease_generation: generation,
      lease_until: null,
      not_before: sql<Date>`now() + make_interval(secs => ${options.delayMilliseconds / 1000})`,
      message: options.message,
    })
    .where("id", "=", operation.id)
    .execute();
}

async function lockRunning(db: Scoped, lease: Lease): Promise<Operation | undefined> {
  return db
    .selectFrom("operations")
    .selectAll()
    .where("id", "=", lease.operationId)
    .where("lease_owner", "=", lease.owner)
    .where("lease_generation", "=", lease.generation)
    .where("status", "=", "running")
    .forUpdate()
    .executeTakeFirst();
}

/** A destroy may have waited behind this operation, anything of its organization for the limit; their worker may be another one. */
async function wakeWaiting(db: Scoped, ended: Operation): Promise<void> {
  await sql`SELECT pg_notify('onvera_queue', capability) FROM (
      SELECT DISTINCT capability FROM operations
      WHERE organization_id = ${ended.organization_id} AND status = 'queued'
    ) waiting`.execute(db);
}

/** Asks for an operation to be canceled: at once while it is queued, in two phases once it runs (engine.md, "After a kill"). */
import { canceledResult } from "../../domain/canceled-result.ts";
import { isTerminal, type OperationType } from "../../domain/operation.ts";
import type { Scoped } from "../../store/database.ts";
import type { Actor } from "../../store/tables/audit.ts";
import type { Operation } from "../../store/tables/operations.ts";
import { noteOperationEnd } from "../access/sync-records.ts";
import { recordCanceledDeployment } from "./deployment-facts.ts";
import { appendEvents } from "./event-log.ts";
import { lockDeploymentOf } from "./locks.ts";

/** How long a running engine may finish its steps before it is stopped hard, seconds. */
export const CANCEL_GRACE_SECONDS = 60;

export interface CancelAnswer {
  operation: Operation;
  /** For a running operation: when its process is stopped hard if it has not ended by itself. */
  forced_stop_available_at?: Date;
}

/** The operation passed the point after which stopping would leave less than going on. */
export class NotCancelable extends Error {
  override readonly name = "NotCancelable";
  readonly operationId: string;

  constructor(operation: Operation) {
    super(`Operation ${operation.id} can no longer be canceled: it began to remove data that cannot be brought back.`);
    this.operationId = operation.id;
  }
}

/**
 * Cancels, in the caller's transaction. Asking again changes nothing.
 * @returns undefined when the operation is not visible in this scope
 * @throws NotCancelable once the irreversible step began
 */
export async function requestCancel(
  db: Scoped,
  operationId: string,
  actor: Actor,
  now: Date = new Date(),
): Promise<CancelAnswer | undefined> {
  await lockDeploymentOf(db, operationId);
  const operation = await db
    .selectFrom("operations")
    .selectAll()
    .where("id", "=", operationId)
    .forUpdate()
    .executeTakeFirst();
  if (!operation) return undefined;
  if (isTerminal(operation.status)) return { operation };
  if (operation.irreversible_at !== null) throw new NotCancelable(operation);
  if (operation.status === "queued") return { operation: await cancelQueued(db, operation, actor, now) };

  const since = operation.cancel_requested_at ?? now;
  const asked =
    operation.cancel_requested_at !== null
      ? operation
      : await db
          .updateTable("operations")
          .set({ cancel_requested_at: since, message: "Canceling" })
          .where("id", "=", operation.id)
          .where("status", "=", "running")
          .returningAll()
          .executeTakeFirstOrThrow();
  return { operation: asked, forced_stop_available_at: new Date(since.getTime() + CANCEL_GRACE_SECONDS * 1000) };
}

async function cancelQueued(db: Scoped, operation: Operation, actor: Actor, now: Date): Promise<Operation> {
  // One that went back to the queue may have begun: what an attempt made is kept.
  const left = operation.step === null || operation.step === "prepare" ? "untouched" : "kept";
  const canceled = await db
    .updateTable("operations")
    .set({
      status: "canceled",
      message: "Canceled before it started",
      cancel_requested_at: operation.cancel_requested_at ?? now,
      ended_at: now,
      result: JSON.stringify({
        ...canceledResult({ type: operation.type as OperationType, resourceId: operation.resource_id }, left),
        canceled_by: actor,
      }),
    })
    .where("id", "=", operation.id)
    .where("status", "=", "queued")
    .returningAll()
    .executeTakeFirstOrThrow();
  await appendEvents(db, operation.id, [
    { type: "status", data: { status: "canceled" } },
    { type: "end", data: { status: "canceled" } },
  ]);
  await recordCanceledDeployment(db, canceled, now);
  await noteOperationEnd(db, canceled);
  return canceled;
}

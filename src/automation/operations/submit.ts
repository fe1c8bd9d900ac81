/** Accepts an operation: one row in the queue and its first event, in the caller's transaction (ON-12). */
import { sql } from "kysely";
import { newId } from "../../domain/ids.ts";
import { type OperationStatus, type OperationType, operationTypes } from "../../domain/operation.ts";
import type { Scoped } from "../../store/database.ts";
import type { Actor, Operation } from "../../store/schema.ts";
import { appendEvents } from "./event-log.ts";

export interface OperationRequest {
  organizationId: string;
  type: OperationType;
  resourceType: string;
  resourceId: string;
  input: Record<string, unknown>;
  /** What a worker must offer to run it: `local:<node>`, `kubernetes`, `aws`. */
  capability: string;
  requestedBy: Actor;
  origin: "api" | "cli" | "web" | "system";
  requestId?: string | null;
}

/** Another operation holds the resource's slot. */
export class OperationConflict extends Error {
  override readonly name = "OperationConflict";
  readonly blockingOperationId: string;
  readonly type: string;
  readonly status: OperationStatus;

  constructor(blocking: Pick<Operation, "id" | "type" | "status">) {
    super(`Operation ${blocking.id} (${blocking.type}) is still ${blocking.status}.`);
    this.blockingOperationId = blocking.id;
    this.type = blocking.type;
    this.status = blocking.status;
  }
}

/**
 * Queues an operation; workers are woken when the transaction commits.
 * A change is refused while another change or a destroy of the same resource is active; a destroy only while another
 * destroy is (it waits behind a running change); reading kinds never are.
 * @throws OperationConflict naming the operation in the way; the transaction stays usable
 */
export async function submitOperation(db: Scoped, request: OperationRequest): Promise<Operation> {
  const { slot } = operationTypes[request.type];
  // Two requests for one resource take turns here, so that each sees what the other queued.
  if (slot !== "reading")
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${request.resourceId}, 1))`.execute(db);
  const blocking = slot === "reading" ? undefined : await activeOperation(db, request.resourceId, slot);
  if (blocking) throw new OperationConflict(blocking);

  const operation = await db
    .insertInto("operations")
    .values({
      id: newId("operation"),
      organization_id: request.organizationId,
      type: request.type,
      slot,
      resource_type: request.resourceType,
      resource_id: request.resourceId,
      input: JSON.stringify(request.input),
      capability: request.capability,
      requested_by: JSON.stringify(request.requestedBy),
      origin: request.origin,
      request_id: request.requestId ?? null,
      ...(slot === "destroy" && { phase: "revoking_access" }),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!operation) throw new OperationConflict(await mustFindActive(db, request.resourceId, slot));
  await appendEvents(db, operation.id, [{ type: "status", data: { status: "queued" } }]);
  return operation;
}

async function activeOperation(db: Scoped, resourceId: string, slot: "changing" | "destroy") {
  return db
    .selectFrom("operations")
    .select(["id", "type", "status"])
    .where("resource_id", "=", resourceId)
    .where("slot", "in", slot === "destroy" ? ["destroy"] : ["changing", "destroy"])
    .where("status", "in", ["queued", "running"])
    .orderBy("requested_at")
    .executeTakeFirst();
}

async function mustFindActive(db: Scoped, resourceId: string, slot: "changing" | "destroy" | "reading") {
  const active = slot === "reading" ? undefined : await activeOperation(db, resourceId, slot);
  if (active) return active;
  throw new Error(`Operation for ${resourceId} was refused by the queue although its slot is free. Ask again.`);
}

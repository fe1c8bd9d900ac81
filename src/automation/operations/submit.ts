/** Accepts an operation: one row in the queue and its first event, in the caller's transaction (ON-12). */
import { sql } from "kysely";
import { newId } from "../../domain/ids.ts";
import {
  defaultQueueLimits,
  type OperationSlot,
  type OperationStatus,
  type OperationType,
  operationTypes,
  SPEC_FORMAT,
} from "../../domain/operation.ts";
import type { Scoped } from "../../store/database.ts";
import type { Actor, Operation } from "../../store/schema.ts";

export interface OperationRequest {
  /** @default a new one */
  id?: string;
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

/** The organization has as many operations queued as it may. */
export class QueueFull extends Error {
  override readonly name = "QueueFull";

  constructor() {
    super("Too many operations of this organization are waiting. Send the request again when some of them have run");
  }
}

/**
 * Queues an operation; workers are woken when the transaction commits.
 * A change is refused while another change or a destroy of the same resource is active; a destroy only while another
 * destroy is (it waits behind a running change); reading kinds never are.
 * @throws OperationConflict naming the operation in the way; the transaction stays usable
 * @throws QueueFull; never for a destroy, which makes room
 */
export async function submitOperation(db: Scoped, request: OperationRequest): Promise<Operation> {
  const { slot } = operationTypes[request.type];
  // Two requests for one resource take turns here, so that each sees what the other queued. Nobody else knows the id
  // of a resource that is made in this very transaction.
  if (slot !== "reading" && !request.type.endsWith(".create")) {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${request.resourceId}, 1))`.execute(db);
  }
  const accepted = await insertOperation(db, request, slot);
  if (accepted) return accepted;
  const blocking = slot === "reading" ? undefined : await activeOperation(db, request.resourceId, slot);
  if (blocking) throw new OperationConflict(blocking);
  if (slot !== "destroy") throw new QueueFull();
  throw new Error(`Operation for ${request.resourceId} was refused although its slot is free. Ask again.`);
}

/** The row and its first event in one statement: accepting is what a caller waits for. Undefined when the slot is taken. */
async function insertOperation(
  db: Scoped,
  request: OperationRequest,
  slot: OperationSlot,
): Promise<Operation | undefined> {
  const { rows } = await sql<Operation>`
    WITH inserted AS (
      INSERT INTO operations (id, organization_id, type, slot, resource_type, resource_id, input, capability,
        requested_by, origin, request_id, spec_format, next_event_seq)
      SELECT ${request.id ?? newId("operation")}, ${request.organizationId}, ${request.type}, ${slot}, ${request.resourceType},
        ${request.resourceId}, ${JSON.stringify(request.input)}::jsonb, ${request.capability},
        ${JSON.stringify(request.requestedBy)}::jsonb, ${request.origin}, ${request.requestId ?? null}, ${SPEC_FORMAT}, 2
      WHERE NOT EXISTS (
        SELECT 1 FROM operations
        WHERE resource_id = ${request.resourceId} AND slot = ANY(${blockingSlots[slot]}) AND status IN ('queued', 'running')
      ) AND (${slot} = 'destroy' OR ${hasRoom(request.organizationId)})
      ON CONFLICT DO NOTHING
      RETURNING *
    ), event AS (
      INSERT INTO operation_events (operation_id, seq, organization_id, type, data)
      SELECT id, 1, organization_id, 'status', '{"status": "queued"}'::jsonb FROM inserted
    )
    SELECT * FROM inserted`.execute(db);
  return rows[0];
}

/** Counted no further than the limit, along the queue's own index. */
const hasRoom = (organizationId: string) => sql<boolean>`(
  SELECT (
    SELECT count(*) FROM (
      SELECT 1 FROM operations WHERE organization_id = ${organizationId} AND status = 'queued' LIMIT allowed
    ) queued
  ) < allowed
  FROM (
    SELECT COALESCE(
      (SELECT queued_limit FROM organization_queues WHERE organization_id = ${organizationId}), ${defaultQueueLimits.queued}
    ) AS allowed
  ) limits
)`;

/** Slots whose active operation is in the way. */
const blockingSlots: Readonly<Record<OperationSlot, OperationSlot[]>> = {
  reading: [],
  changing: ["changing", "destroy"],
  destroy: ["destroy"],
};

async function activeOperation(db: Scoped, resourceId: string, slot: "changing" | "destroy") {
  return db
    .selectFrom("operations")
    .select(["id", "type", "status"])
    .where("resource_id", "=", resourceId)
    .where("slot", "in", blockingSlots[slot])
    .where("status", "in", ["queued", "running"])
    .orderBy("requested_at")
    .executeTakeFirst();
}

/** Accepts an operation: one row in the queue and its first event, in the caller's transaction (ON-12). */
import { type RawBuilder, sql } from "kysely";
import { newId } from "../../domain/ids.ts";
import {
  defaultQueueLimits,
  type OperationSlot,
  type OperationStatus,
  type OperationType,
  operationLanes,
  operationTypes,
  SPEC_FORMAT,
} from "../../domain/operation.ts";
import type { Scoped } from "../../store/database.ts";
import type { Actor } from "../../store/tables/audit.ts";
import type { Operation } from "../../store/tables/operations.ts";
import { appendEvents } from "./event-log.ts";
import { isBackground } from "./queue-order.ts";

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

/** An operation named beforehand whose cluster is found while it is queued. */
export type FirstOperation = Omit<OperationRequest, "capability"> & { id: string };

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
 * destroy is (it waits behind a running change); reading kinds never are, but for those of which a resource has one at most.
 * What the platform queued by itself gives way.
 * @throws OperationConflict naming the operation in the way; the transaction stays usable
 * @throws QueueFull; never for a destroy, which makes room, nor for a type that counts in no limit
 */
export async function submitOperation(db: Scoped, request: OperationRequest): Promise<Operation> {
  const { slot } = operationTypes[request.type];
  // Two requests for one resource take turns here, so that each sees what the other queued. Nobody else knows the id
  // of a resource that is made in this very transaction.
  if (slot !== "reading" && !request.type.endsWith(".create")) {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${request.resourceId}, 1))`.execute(db);
  }
  const accepted = await insertOperation(db, request);
  if (accepted) return accepted;
  const blocking = await activeOperation(db, request);
  if (blocking && (await giveWay(db, blocking.id))) return submitOperation(db, request);
  if (blocking) throw new OperationConflict(blocking);
  if (slot !== "destroy") throw new QueueFull();
  throw new Error(`Operation for ${request.resourceId} was refused although its slot is free. Ask again.`);
}

/** Undefined when the slot is taken or the queue is full. */
async function insertOperation(db: Scoped, request: OperationRequest): Promise<Operation | undefined> {
  const capability = sql<string>`${request.capability}`;
  const { slot } = operationTypes[request.type];
  const where = sql`
    WHERE NOT EXISTS (
      SELECT 1 FROM operations
      WHERE resource_id = ${request.resourceId} AND slot = ANY(${blockingSlots[slot]}) AND status IN ('queued', 'running')
    ) AND ${hasRoom(request)}`;
  const { rows } = await sql<Operation>`
    WITH ${operationParts({ id: newId("operation"), ...request }, { capability, where })} SELECT * FROM queued`.execute(
    db,
  );
  return rows[0];
}

/**
 * The row and its first event as parts of a WITH, so that both are made in one statement, also together with what they
 * are about: accepting is what a caller waits for.
 * @param capability what a worker must offer, a value or a column of `where`
 * @param where FROM and WHERE that say whether it is queued; no row there, no operation
 */
export function operationParts(
  request: FirstOperation,
  { capability, where }: { capability: RawBuilder<string>; where: RawBuilder<unknown> },
): RawBuilder<unknown> {
  const { slot } = operationTypes[request.type];
  return sql`
    queued AS (
      INSERT INTO operations (id, organization_id, type, slot, resource_type, resource_id, input, capability,
        requested_by, origin, request_id, spec_format, next_event_seq)
      SELECT ${request.id}, ${request.organizationId}, ${request.type}, ${slot}, ${request.resourceType},
        ${request.resourceId}, ${JSON.stringify(request.input)}::jsonb, ${capability},
        ${JSON.stringify(request.requestedBy)}::jsonb, ${request.origin}, ${request.requestId ?? null}, ${SPEC_FORMAT}::int, 2
      ${where}
      ON CONFLICT DO NOTHING
      RETURNING *
    ), queued_event AS (
      INSERT INTO operation_events (operation_id, seq, organization_id, type, data)
      SELECT id, 1, organization_id, 'status', '{"status": "queued"}'::jsonb FROM queued
    )`;
}

/**
 * Whether the organization's queue takes one more; always for a destroy, which makes room, and for a type that counts in
 * no limit.
 */
export function hasRoom({
  organizationId,
  type,
}: Pick<OperationRequest, "organizationId" | "type">): RawBuilder<boolean> {
  const { slot, lane } = operationTypes[type];
  const alwaysFits = slot === "destroy" || !operationLanes[lane].inLimits;
  return sql<boolean>`(${alwaysFits}::boolean OR ${isBelowLimit(organizationId)})`;
}

/** Counted no further than the limit, along the queue's own index. */
const isBelowLimit = (organizationId: string) => sql<boolean>`(
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

async function activeOperation(db: Scoped, { resourceId, type }: OperationRequest): Promise<Operation | undefined> {
  const { slot, lane } = operationTypes[type];
  if (slot === "reading" && !operationLanes[lane].onePerResource) return undefined;
  return db
    .selectFrom("operations")
    .selectAll()
    .where("resource_id", "=", resourceId)
    .where((row) => (slot === "reading" ? row("type", "=", type) : row("slot", "in", blockingSlots[slot])))
    .where("status", "in", ["queued", "running"])
    .orderBy("requested_at")
    .executeTakeFirst();
}

/** Takes a reconciliation that a drift sweep queued out of the way of anybody's change, which brings the same about. */
async function giveWay(db: Scoped, operationId: string): Promise<boolean> {
  const given = await sql`
    UPDATE operations queued SET status = 'canceled', ended_at = now(), message = 'Another change came first'
    WHERE id = ${operationId} AND status = 'queued' AND step IS NULL AND ${isBackground}`.execute(db);
  if (given.numAffectedRows !== 1n) return false;
  await appendEvents(db, operationId, [
    { type: "status", data: { status: "canceled" } },
    { type: "end", data: { status: "canceled" } },
  ]);
  return true;
}

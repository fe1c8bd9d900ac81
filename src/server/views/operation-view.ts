/** Operations and their events as the API shows them. */
import { queuePlaces } from "../../automation/operations/queue-place.ts";
import { timestamp, timestampOrNull } from "../../domain/timestamps.ts";
import type { Store } from "../../store/database.ts";
import type { Operation } from "../../store/tables/operations.ts";
import { API_BASE } from "../openapi.ts";
import type { OperationEventView, OperationView } from "../schemas/operations.ts";

/** Resource types that have an address of their own. */
const resourcePaths: Record<string, string> = { deployment: "deployments" };

/** The operation without its place in the queue: see `withQueuePlaces`. */
export function operationView(row: Operation): OperationView {
  const self = `${API_BASE}/operations/${row.id}`;
  const folder = resourcePaths[row.resource_type];
  return {
    id: row.id,
    type: row.type as OperationView["type"],
    status: row.status,
    progress: { phase: row.phase, message: row.message },
    queue_position: null,
    waits_for: null,
    resource_type: row.resource_type,
    resource_id: row.resource_id,
    attempt: row.attempt,
    requested_by: row.requested_by,
    origin: row.origin,
    requested_at: timestamp(row.requested_at),
    started_at: timestampOrNull(row.started_at),
    ended_at: timestampOrNull(row.ended_at),
    cancel_requested_at: timestampOrNull(row.cancel_requested_at),
    error: row.error,
    result: row.result,
    links: { self, resource: folder ? `${API_BASE}/${folder}/${row.resource_id}` : null, events: `${self}/events` },
  };
}

/**
 * Adds to those that are queued where they stand and what they wait for. Takes a transaction of its own, so it is called
 * outside of any other.
 */
export async function withQueuePlaces<View extends OperationView>(
  store: Store,
  operations: readonly View[],
): Promise<View[]> {
  const queued = operations.filter(({ status }) => status === "queued").map(({ id }) => id);
  const places = new Map((await queuePlaces(store, queued)).map((place) => [place.operationId, place]));
  return operations.map((operation) => {
    const place = places.get(operation.id);
    return place === undefined
      ? operation
      : { ...operation, queue_position: place.position, waits_for: place.waitsFor };
  });
}

export interface EventRow {
  operation_id: string;
  seq: number;
  at: Date;
  type: string;
  data: Record<string, unknown>;
}

export const eventView = (row: EventRow): OperationEventView => ({
  seq: row.seq,
  operation_id: row.operation_id,
  at: timestamp(row.at),
  type: row.type,
  data: row.data,
});

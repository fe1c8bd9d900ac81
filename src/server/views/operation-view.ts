/** Operations and their events as the API shows them. */
import { timestamp, timestampOrNull } from "../../domain/timestamps.ts";
import type { Operation } from "../../store/schema.ts";
import { API_BASE } from "../openapi.ts";
import type { OperationEventView, OperationView } from "../schemas/operations.ts";

/** Resource types that have an address of their own. */
const resourcePaths: Record<string, string> = { deployment: "deployments" };

export function operationView(row: Operation): OperationView {
  const self = `${API_BASE}/operations/${row.id}`;
  const folder = resourcePaths[row.resource_type];
  return {
    id: row.id,
    type: row.type as OperationView["type"],
    status: row.status,
    progress: { phase: row.phase, message: row.message },
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

/**
 * Appends to an operation's event log: rising, gap-free sequence numbers, readers woken in the same transaction. Times are of
 * the database's clock: workers only say how long ago something was, so that a clock set wrong shows nowhere.
 */
import { sql } from "kysely";
import type { Scoped } from "../../store/database.ts";

export interface NewOperationEvent {
  type: "status" | "phase" | "resource" | "diagnostic" | "log" | "step" | "attempt" | "choice" | "end";
  data: Record<string, unknown>;
  /** When it happened, by this process's `performance.now()`; the transaction's time where absent. */
  seenAt?: number;
}

/** Whose lease an append stands under; a writer that lost it appends nothing. */
export interface Lease {
  operationId: string;
  owner: string;
  generation: number;
}

/** Appends without a lease: for the request that makes or cancels the operation, inside its own transaction. */
export async function appendEvents(db: Scoped, operationId: string, events: NewOperationEvent[]): Promise<void> {
  if (events.length > 0) await append(db, operationId, events, sql`true`);
}

/**
 * Appends under a lease.
 * @returns false when the lease is no longer this one; nothing was appended then
 */
export async function appendLeasedEvents(db: Scoped, lease: Lease, events: NewOperationEvent[]): Promise<boolean> {
  if (events.length === 0) return true;
  const held = sql`lease_owner = ${lease.owner} AND lease_generation = ${lease.generation}`;
  return append(db, lease.operationId, events, held);
}

async function append(
  db: Scoped,
  operationId: string,
  events: NewOperationEvent[],
  condition: ReturnType<typeof sql>,
): Promise<boolean> {
  const now = performance.now();
  const rows = JSON.stringify(
    events.map(({ type, data, seenAt = now }) => ({ type, data, secondsAgo: (now - seenAt) / 1000 })),
  );
  // One statement: the update locks the operation row, so numbers are given out in commit order.
  const result = await sql<{ notified: unknown }>`
    WITH bumped AS (
      UPDATE operations SET next_event_seq = next_event_seq + ${events.length}
      WHERE id = ${operationId} AND ${condition}
      RETURNING id, organization_id, next_event_seq - ${events.length} AS first_seq
    ), inserted AS (
      INSERT INTO operation_events (operation_id, seq, organization_id, at, type, data)
      SELECT bumped.id, bumped.first_seq + event.ordinality - 1, bumped.organization_id,
        now() - make_interval(secs => (event.value ->> 'secondsAgo')::float8), event.value ->> 'type', event.value -> 'data'
      FROM bumped, jsonb_array_elements(${rows}::jsonb) WITH ORDINALITY AS event
    )
    SELECT pg_notify('onvera_operation', id) AS notified FROM bumped`.execute(db);
  return result.rows.length === 1;
}

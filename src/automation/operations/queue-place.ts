/** Where queued operations stand in line, and what each waits for; the order is the one workers claim in. */
import { sql } from "kysely";
import type { WaitReason } from "../../domain/queue-wait.ts";
import type { Store } from "../../store/database.ts";
import { isBackground, isDue, lineOrder, organizationsWaiting, ownOrder, waitsForOther } from "./queue-order.ts";

export interface QueuePlace {
  operationId: string;
  /** 1 is next. Null while it cannot be taken whoever's turn it is. */
  position: number | null;
  waitsFor: WaitReason;
}

/** A worker silent for longer does not count as one that answers. */
const SILENT_SECONDS = 60;

/**
 * Finds the places of queued operations; those that do not wait any more are left out.
 * Looks at every organization's queue, so it takes a transaction of its own with the platform's sight.
 */
export async function queuePlaces(store: Store, operationIds: readonly string[]): Promise<QueuePlace[]> {
  if (operationIds.length === 0) return [];
  return store.asPlatform(async (db) => {
    const { rows } = await sql<{ id: string; position: number | null; waits_for: WaitReason }>`
      WITH RECURSIVE ${organizationsWaiting}, due AS (
        SELECT queued.id, queued.organization_id, queued.capability, ${isBackground} AS background, row_number() OVER (
            PARTITION BY queued.capability, queued.organization_id ORDER BY ${isBackground}, ${ownOrder}
          ) - 1 AS rank
        FROM operations queued WHERE queued.status = 'queued' AND ${isDue}
      ), line AS (
        SELECT due.id, row_number() OVER (PARTITION BY due.capability ORDER BY ${lineOrder}) AS position,
          waiting.running + due.rank >= waiting.running_limit AS limited
        FROM due JOIN waiting ON waiting.organization_id = due.organization_id
      )
      SELECT queued.id, line.position, CASE
          WHEN ${waitsForOther()} THEN 'operation'
          WHEN queued.not_before > now() THEN 'retry'
          WHEN NOT EXISTS (
            SELECT 1 FROM workers WHERE stopped_at IS NULL AND draining_since IS NULL AND drain_requested_at IS NULL
              AND heartbeat_at > now() - make_interval(secs => ${SILENT_SECONDS})
              AND queued.capability = ANY(capabilities) AND queued.type = ANY(operation_types)
              AND queued.spec_format <= spec_format
          ) THEN 'worker'
          WHEN line.limited THEN 'limit'
          ELSE 'turn' END AS waits_for
      FROM operations queued LEFT JOIN line ON line.id = queued.id
      WHERE queued.id = ANY(${[...operationIds]}) AND queued.status = 'queued'`.execute(db);
    return rows.map((row) => ({ operationId: row.id, position: row.position, waitsFor: row.waits_for }));
  });
}

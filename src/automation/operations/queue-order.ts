/**
 * The order in which queued operations are taken: one description for the worker that claims and for whoever shows a place
 * in the queue.
 *
 * Organizations take turns: first the one with the fewest running operations, of equals the one that has waited longest
 * since its last turn; within one, the oldest request. Claimed one after the other with nothing ending in between, the
 * operation that stands k-th in its organization comes at level `running + k`; within a level those with the smaller k
 * come first, because their organization has had its last turn earlier. The platform's own wishes come behind all others.
 */
import { type RawBuilder, sql } from "kysely";
import { defaultQueueLimits, OperationType, operationLanes, operationTypes } from "../../domain/operation.ts";

/** Whether `queued` could be taken now, its organization's limit aside. Alias of the row: `queued`. */
export const isDue: RawBuilder<boolean> = sql<boolean>`(queued.not_before <= now() AND NOT (${waitsForOther()}))`;

/** Whether another operation has the resource. */
export function waitsForOther(): RawBuilder<boolean> {
  return sql<boolean>`queued.slot <> 'reading' AND EXISTS (
    SELECT 1 FROM operations other
    WHERE other.resource_id = queued.resource_id AND other.status = 'running' AND other.slot <> 'reading'
  )`;
}

/** Whether it is the platform's own wish, found by a drift sweep: anybody else's comes first. */
export const isBackground: RawBuilder<boolean> = sql<boolean>`(queued.type = 'deployment.reconcile' AND queued.origin = 'system')`;

/** Within one organization. */
export const ownOrder: RawBuilder<unknown> = sql`queued.requested_at, queued.id`;

/** Between organizations: `waiting` holds `running` and `claimed_at` of each. */
export const turnOrder: RawBuilder<unknown> = sql`waiting.running, waiting.claimed_at NULLS FIRST, waiting.organization_id`;

/** The whole line at once: `due.rank` counts from 0 within each organization. */
export const lineOrder: RawBuilder<unknown> = sql`due.background, waiting.running + due.rank, due.rank, waiting.claimed_at NULLS FIRST, waiting.organization_id`;

const unlimited = OperationType.options.filter((type) => !operationLanes[operationTypes[type].lane].inLimits);

/** Whether an operation that runs counts against its organization's limit. */
export const countsInLimit: RawBuilder<boolean> = sql<boolean>`type NOT IN (${sql.join(unlimited.map((type) => sql.lit(type)))})`;

/** How many operations of an organization may run; alias of the row: `turn`. */
export const runningLimit: RawBuilder<number> = sql<number>`COALESCE(turn.running_limit, ${sql.lit(defaultQueueLimits.running)})`;

/** Organizations that have anything queued, found by one index step each however long the queue is. */
export const organizationsWaiting: RawBuilder<unknown> = sql`queues AS (
    (SELECT organization_id FROM operations WHERE status = 'queued' ORDER BY organization_id LIMIT 1)
    UNION ALL
    SELECT (SELECT organization_id FROM operations
            WHERE status = 'queued' AND organization_id > queues.organization_id ORDER BY organization_id LIMIT 1)
    FROM queues WHERE queues.organization_id IS NOT NULL
  ), waiting AS (
    SELECT turn.organization_id, turn.claimed_at, ${runningLimit} AS running_limit, (
      SELECT count(*) FROM operations
      WHERE status = 'running' AND organization_id = turn.organization_id AND ${countsInLimit}
    ) AS running
    FROM queues JOIN organization_queues turn ON turn.organization_id = queues.organization_id
  )`;

/**
 * Queues the syncs that are due. The records are the backlog: changes of who may be in only mark them, so that a hundred of
 * them are one sync, and an organization with many deployments never fills its own queue.
 */
import { sql } from "kysely";
import { appTypes } from "../../domain/deployment-spec.ts";
import type { Scoped, Store } from "../../store/database.ts";
import type { Actor } from "../../store/tables/audit.ts";
import type { Operation } from "../../store/tables/operations.ts";
import { OperationConflict, type OperationRequest, submitOperation } from "../operations/submit.ts";

const syncActor: Actor = { kind: "system", id: "access-sync", name: "access sync" };
/** Under way at once for one organization. */
const AT_ONCE = 4;
/** Looked at in one go. */
const BATCH = 200;
/** When it is due again should its operation end without a word. */
const UNLESS_ENDED_HOURS = 1;

interface Due {
  id: string;
  organization_id: string;
  capability: string;
  active: number;
}

/**
 * Queues what is due at ready deployments whose app runs, as far as these capabilities reach.
 * @returns the operations queued now
 */
export function queueDueSyncs(store: Store, capabilities: readonly string[]): Promise<Operation[]> {
  return store.asPlatform(async (db) => {
    const queued: Operation[] = [];
    const active = new Map<string, number>();
    for (const due of await dueDeployments(db, capabilities)) {
      const count = active.get(due.organization_id) ?? due.active;
      if (count >= AT_ONCE) continue;
      const operation = await queueSync(db, due);
      if (operation === undefined) continue;
      active.set(due.organization_id, count + 1);
      queued.push(operation);
    }
    return queued;
  });
}

async function dueDeployments(db: Scoped, capabilities: readonly string[]): Promise<Due[]> {
  const { rows } = await sql<Due>`
    WITH running AS MATERIALIZED (
      SELECT resource_id, organization_id FROM operations WHERE type = 'access.sync' AND status IN ('queued', 'running')
    )
    SELECT d.id, d.organization_id, place.capability, (
        SELECT count(*) FROM running WHERE running.organization_id = d.organization_id
      ) AS active
    FROM deployments d
    JOIN deployment_specs s ON s.deployment_id = d.id AND s.revision = d.applied_revision
    JOIN environments e ON e.id = d.environment_id
    JOIN clusters c ON c.id = e.cluster_id
    CROSS JOIN LATERAL (SELECT CASE c.kind WHEN 'local' THEN 'local:' || COALESCE(c.node, '') ELSE c.kind END AS capability) place
    LEFT JOIN access_syncs a ON a.deployment_id = d.id
    WHERE d.status = 'ready' AND d.app_type = ANY(${[...appTypes]}) AND place.capability = ANY(${[...capabilities]})
      AND s.spec ->> 'power_state' <> 'stopped'
      AND (a.deployment_id IS NULL OR (a.due_at <= clock_timestamp() AND a.closed_at IS NULL))
      AND NOT EXISTS (SELECT FROM running WHERE running.resource_id = d.id)
    ORDER BY a.due_at NULLS FIRST, d.id LIMIT ${BATCH}`.execute(db);
  return rows;
}

/** Undefined when another worker queued it in this moment. */
async function queueSync(db: Scoped, due: Due): Promise<Operation | undefined> {
  await sql`INSERT INTO access_syncs (deployment_id, organization_id, due_at)
    VALUES (${due.id}, ${due.organization_id}, now() + make_interval(hours => ${UNLESS_ENDED_HOURS}))
    ON CONFLICT (deployment_id) DO UPDATE SET due_at = EXCLUDED.due_at`.execute(db);
  const operation = await submitSync(db, {
    organizationId: due.organization_id,
    deploymentId: due.id,
    capability: due.capability,
    requestedBy: syncActor,
    origin: "system",
  });
  return "id" in operation ? operation : undefined;
}

export type SyncRequest = Pick<
  OperationRequest,
  "organizationId" | "capability" | "requestedBy" | "origin" | "requestId"
> & { deploymentId: string };

/**
 * Queues a sync that somebody asks for. One that is under way is joined, and another one follows by itself, because it may have
 * begun before the asking.
 * @returns the operation to wait for
 */
export async function requestSync(db: Scoped, request: SyncRequest): Promise<Pick<Operation, "id">> {
  const { deploymentId, organizationId } = request;
  await sql`INSERT INTO access_syncs (deployment_id, organization_id) VALUES (${deploymentId}, ${organizationId})
    ON CONFLICT (deployment_id) DO UPDATE SET due_at = now(), wanted_version = access_syncs.wanted_version + 1`.execute(
    db,
  );
  const operation = await submitSync(db, request);
  return "id" in operation ? operation : { id: operation.blockingOperationId };
}

async function submitSync(db: Scoped, request: SyncRequest): Promise<Operation | OperationConflict> {
  const { deploymentId, ...rest } = request;
  try {
    return await submitOperation(db, {
      ...rest,
      type: "access.sync",
      resourceType: "deployment",
      resourceId: deploymentId,
      input: {},
    });
  } catch (error) {
    if (error instanceof OperationConflict) return error;
    throw error;
  }
}

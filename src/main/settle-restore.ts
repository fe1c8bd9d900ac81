/**
 * The first start of a restored installation: nobody of before works on it any more, and every deployment is looked at and
 * put up here. One transaction, so that a kill leaves it to be done by the next start.
 */
import { sql } from "kysely";
import { OperationConflict, QueueFull, submitOperation } from "../automation/operations/submit.ts";
import { writeAudit } from "../store/audit.ts";
import type { Scoped } from "../store/database.ts";
import type { Actor } from "../store/tables/audit.ts";
import type { Installation } from "./installation.ts";
import type { Log } from "./log.ts";
import { type RestoredMark, readRestoredMark, removeRestoredMark } from "./restored-mark.ts";

const actor: Actor = { kind: "system", id: "installation", name: "restore" };

/**
 * Does what a restore left to the first start; otherwise nothing.
 * @returns how many deployments are reconciled
 */
export async function settleRestore({ store, paths, settings, embedded }: Installation, log: Log): Promise<number> {
  const mark = await readRestoredMark(paths.home);
  if (mark === undefined) return 0;
  const queued = await store.asPlatform(async (db) => {
    // A server of the owner's own was not restored by us: others may be at work in it.
    if (embedded) await endEarlierWork(db);
    const count = await reconcileAll(db, settings.nodeId);
    await tellAudit(db, mark, count);
    return count;
  });
  await removeRestoredMark(paths.home);
  log.info({ ...mark, deployments: queued }, "The installation was restored; its deployments are reconciled");
  return queued;
}

/** Workers, leases and processes of before; whoever still holds one of their generations can write no state any more. */
async function endEarlierWork(db: Scoped): Promise<void> {
  await sql`UPDATE workers SET stopped_at = now() WHERE stopped_at IS NULL`.execute(db);
  await sql`UPDATE stack_fences SET generation = generation + 1, updated_at = now()`.execute(db);
  await sql`UPDATE operations SET lease_until = now() - interval '1 second', process = NULL
    WHERE status = 'running'`.execute(db);
}

/** An operation that was under way looks everything up by itself, because the mark on its deployment tells it to. */
async function reconcileAll(db: Scoped, node: string): Promise<number> {
  const { rows } = await sql<{ id: string; organization_id: string; revision: number | null }>`
    UPDATE deployments SET refresh_needed_since = COALESCE(refresh_needed_since, now())
    FROM environments JOIN clusters ON clusters.id = environments.cluster_id
    WHERE environments.id = deployments.environment_id AND clusters.node = ${node} AND destroyed_at IS NULL
    RETURNING deployments.id, deployments.organization_id,
      CASE WHEN destroy_requested_at IS NULL THEN applied_revision END AS revision`.execute(db);
  let queued = 0;
  for (const { id, organization_id: organizationId, revision } of rows) {
    if (revision === null) continue;
    try {
      await submitOperation(db, {
        organizationId,
        type: "deployment.reconcile",
        resourceType: "deployment",
        resourceId: id,
        input: { revision },
        capability: `local:${node}`,
        requestedBy: actor,
        origin: "system",
      });
      queued += 1;
    } catch (error) {
      if (!(error instanceof OperationConflict || error instanceof QueueFull)) throw error;
    }
  }
  return queued;
}

const tellAudit = (db: Scoped, mark: RestoredMark, deployments: number) =>
  writeAudit(db, {
    organizationId: null,
    actor,
    origin: "system",
    action: "installation.restore",
    change: { backup_made_at: mark.createdAt, restored_at: mark.restoredAt, deployments },
  });

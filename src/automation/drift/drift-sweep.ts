/**
 * Looks now and then whether deployments are still as they were left, without the engine: what they were made from, and
 * whether what was made is there. Only where something differs a reconciliation is queued, behind everybody else's work.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { writeAudit } from "../../store/audit.ts";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import type { Scoped, Store } from "../../store/database.ts";
import { openStored, revisionPlace } from "../../store/spec-seal.ts";
import type { Actor } from "../../store/tables/audit.ts";
import { OperationConflict, QueueFull, submitOperation } from "../operations/submit.ts";
import type { TargetDriver } from "../worker/target-driver.ts";
import { differencesOf, type Recorded } from "./differences.ts";
import { inputDigest } from "./input-digest.ts";

export interface DriftSweepDeps {
  store: Store;
  dataKeys: DataKeys;
  /** The node whose deployments are looked at. */
  node: string;
  driver: TargetDriver;
}

export interface DriftReport {
  looked: number;
  /** Deployments that differ; of those, the ones a reconciliation was queued for. */
  differing: string[];
  queued: string[];
}

const sweepActor: Actor = { kind: "system", id: "drift-sweep", name: "drift sweep" };
const AT_ONCE = 200;
/** One that reconciling does not mend is not tried again sooner. */
const AGAIN_AFTER_MINUTES = 60;

/**
 * Sweeps when the node's last sweep is long enough ago; of several workers on a node one does.
 * @returns undefined when it was not the time, or this target cannot be looked at
 */
export async function sweepWhenDue(deps: DriftSweepDeps, intervalSeconds: number): Promise<DriftReport | undefined> {
  if (deps.driver.takeInventory === undefined) return undefined;
  const key = `drift_sweep:${deps.node}`;
  const taken = await deps.store.asPlatform(async (db) => {
    // The first sweep is one interval after the first worker's start.
    await sql`INSERT INTO installation (key, value) VALUES (${key}, '{}') ON CONFLICT DO NOTHING`.execute(db);
    const { numAffectedRows } = await sql`UPDATE installation SET updated_at = now()
      WHERE key = ${key} AND updated_at <= now() - make_interval(secs => ${intervalSeconds})`.execute(db);
    return numAffectedRows === 1n;
  });
  return taken ? sweepDrift(deps) : undefined;
}

/** Looks at all deployments of the node. @throws when their target does not answer */
export async function sweepDrift(deps: DriftSweepDeps): Promise<DriftReport> {
  const report: DriftReport = { looked: 0, differing: [], queued: [] };
  for (let after = ""; ; ) {
    const start = performance.now();
    const page = await deps.store.asPlatform((db) => readPage(db, deps, after));
    // After the page: what an operation made before that must be seen. One that takes away meanwhile holds the slot.
    const inventory = await deps.driver.takeInventory?.();
    if (inventory === undefined) return report;
    for (const { organizationId, revision, ...recorded } of page) {
      report.looked += 1;
      const differences = differencesOf(recorded, inventory);
      if (differences.length === 0) continue;
      report.differing.push(recorded.deploymentId);
      const place = { ...recorded, organizationId, revision, differences };
      if (await queueReconcile(deps, place)) report.queued.push(recorded.deploymentId);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < AT_ONCE) return report;
    after = last.deploymentId;
    // A long sweep takes no more than half of a core from people's operations.
    await sleep(performance.now() - start);
  }
}

interface Row {
  deployment_id: string;
  organization_id: string;
  revision: number;
  spec: unknown;
  applied_input: string | null;
  resources: { type: string; physicalId: string }[];
}

/** Settled ones only: what an operation is about to change is nobody's drift. */
async function readPage(db: Scoped, { dataKeys, node }: DriftSweepDeps, after: string) {
  const { rows } = await sql<Row>`
    SELECT d.id AS deployment_id, d.organization_id, d.applied_revision AS revision, s.spec, d.applied_input,
      COALESCE((
        SELECT json_agg(json_build_object('type', r.type, 'physicalId', r.physical_id)) FROM deployment_resources r
        WHERE r.deployment_id = d.id AND r.deleted_at IS NULL
      ), '[]'::json) AS resources
    FROM deployments d
    JOIN deployment_specs s ON s.deployment_id = d.id AND s.revision = d.applied_revision
    JOIN environments e ON e.id = d.environment_id
    JOIN clusters c ON c.id = e.cluster_id AND c.kind = 'local' AND c.node = ${node}
    WHERE d.status = 'ready' AND d.wanted_revision = d.applied_revision AND d.id > ${after}
      AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.resource_id = d.id AND o.status IN ('queued', 'running'))
    ORDER BY d.id LIMIT ${AT_ONCE}`.execute(db);
  const page: (Recorded & { organizationId: string; revision: number })[] = [];
  for (const row of rows) {
    const stored = await openStored(db, dataKeys, revisionPlace(row.deployment_id, row.revision), row.spec);
    page.push({
      deploymentId: row.deployment_id,
      organizationId: row.organization_id,
      revision: row.revision,
      inputDigest: inputDigest(stored),
      appliedInput: row.applied_input,
      resources: row.resources,
    });
  }
  return page;
}

async function queueReconcile(
  { store, node }: DriftSweepDeps,
  {
    deploymentId,
    organizationId,
    revision,
    differences,
  }: { deploymentId: string; organizationId: string; revision: number; differences: string[] },
): Promise<boolean> {
  return store
    .forOrganization(organizationId, async (db) => {
      if (await triedOfLate(db, deploymentId)) return false;
      const operation = await submitOperation(db, {
        organizationId,
        type: "deployment.reconcile",
        resourceType: "deployment",
        resourceId: deploymentId,
        input: { revision, differences },
        capability: `local:${node}`,
        requestedBy: sweepActor,
        origin: "system",
      });
      await writeAudit(db, {
        organizationId,
        actor: sweepActor,
        origin: "system",
        action: "deployment.reconcile",
        targetType: "deployment",
        targetId: deploymentId,
        change: { operation_id: operation.id, differences },
        outcome: "accepted",
      });
      return true;
    })
    .catch((error: unknown) => {
      // Somebody's own change came between, or the queue is full: the next sweep looks again.
      if (error instanceof OperationConflict || error instanceof QueueFull) return false;
      throw error;
    });
}

async function triedOfLate(db: Scoped, deploymentId: string): Promise<boolean> {
  const { rows } = await sql`SELECT 1 FROM operations
    WHERE resource_id = ${deploymentId} AND type = 'deployment.reconcile' AND origin = 'system'
      AND requested_at > now() - make_interval(mins => ${AGAIN_AFTER_MINUTES}) LIMIT 1`.execute(db);
  return rows.length > 0;
}

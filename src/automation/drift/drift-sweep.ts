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
import { takeTurn } from "../../store/turns.ts";
import { OperationConflict, QueueFull, submitOperation } from "../operations/submit.ts";
import type { SoughtDeployment, TargetDriver } from "../worker/target-driver.ts";
import { differencesOf, type Recorded } from "./differences.ts";
import { inputDigest } from "./input-digest.ts";

/** Deployments that are looked at together: a node's, or a Kubernetes cluster's. */
export type SweptPlace = { kind: "local"; node: string } | { kind: "kubernetes"; clusterId: string };

export interface DriftSweepDeps {
  store: Store;
  dataKeys: DataKeys;
  place: SweptPlace;
  driver: TargetDriver;
}

export interface DriftReport {
  looked: number;
  /** Deployments that differ; of those, the ones a reconciliation was queued for. */
  differing: string[];
  queued: string[];
}

const sweepActor: Actor = { kind: "system", id: "drift-sweep", name: "drift sweep" };
/** A cluster is asked by the names of all of them in one address, which a proxy before it must take. */
const atOnce = { local: 200, kubernetes: 100 } as const;
/** One that reconciling does not mend is not tried again sooner. */
const AGAIN_AFTER_MINUTES = 60;

/**
 * Sweeps when the place's last sweep is long enough ago; of several workers one does.
 * @returns undefined when it was not the time, or this target cannot be looked at
 */
export async function sweepWhenDue(deps: DriftSweepDeps, intervalSeconds: number): Promise<DriftReport | undefined> {
  if (deps.driver.takeInventory === undefined) return undefined;
  const { place } = deps;
  const key = `drift_sweep:${place.kind === "local" ? place.node : place.clusterId}`;
  const taken = await deps.store.asPlatform((db) => takeTurn(db, { key, intervalSeconds }));
  return taken ? sweepDrift(deps) : undefined;
}

/** Looks at all deployments of the place. @throws when it does not answer */
export async function sweepDrift(deps: DriftSweepDeps): Promise<DriftReport> {
  const report: DriftReport = { looked: 0, differing: [], queued: [] };
  for (let after = ""; ; ) {
    const start = performance.now();
    const page = await deps.store.asPlatform((db) => readPage(db, deps, after));
    // After the page: what an operation made before that must be seen. One that takes away meanwhile holds the slot.
    const inventory = page.length === 0 ? undefined : await deps.driver.takeInventory?.(page);
    if (inventory === undefined) return report;
    for (const seen of page) {
      report.looked += 1;
      const differences = differencesOf(seen, inventory);
      if (differences.length === 0) continue;
      report.differing.push(seen.deploymentId);
      if (await queueReconcile(deps, seen, differences)) report.queued.push(seen.deploymentId);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < atOnce[deps.place.kind]) return report;
    after = last.deploymentId;
    // A long sweep takes no more than half of a core from people's operations.
    await sleep(performance.now() - start);
  }
}

interface Row {
  seen_at: Date;
  deployment_id: string;
  environment_id: string;
  organization_id: string;
  revision: number;
  spec: unknown;
  applied_input: string | null;
  resources: { type: string; physicalId: string }[];
}

interface Seen extends Recorded, SoughtDeployment {
  organizationId: string;
  revision: number;
  at: Date;
}

const isAt = (place: SweptPlace) =>
  place.kind === "local" ? sql`c.kind = 'local' AND c.node = ${place.node}` : sql`c.id = ${place.clusterId}`;

/** Settled ones only: what an operation is about to change is nobody's drift. */
async function readPage(db: Scoped, { dataKeys, place }: DriftSweepDeps, after: string): Promise<Seen[]> {
  const { rows } = await sql<Row>`
    SELECT now() AS seen_at, d.id AS deployment_id, d.environment_id, d.organization_id,
      d.applied_revision AS revision, s.spec, d.applied_input,
      COALESCE((
        SELECT json_agg(json_build_object('type', r.type, 'physicalId', r.physical_id)) FROM deployment_resources r
        WHERE r.deployment_id = d.id AND r.deleted_at IS NULL
      ), '[]'::json) AS resources
    FROM deployments d
    JOIN deployment_specs s ON s.deployment_id = d.id AND s.revision = d.applied_revision
    JOIN environments e ON e.id = d.environment_id
    JOIN clusters c ON c.id = e.cluster_id AND ${isAt(place)}
    WHERE d.status = 'ready' AND d.wanted_revision = d.applied_revision AND d.id > ${after}
      AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.resource_id = d.id AND o.status IN ('queued', 'running'))
    ORDER BY d.id LIMIT ${atOnce[place.kind]}`.execute(db);
  const page: Seen[] = [];
  for (const row of rows) {
    const stored = await openStored(db, dataKeys, revisionPlace(row.deployment_id, row.revision), row.spec);
    page.push({
      at: row.seen_at,
      deploymentId: row.deployment_id,
      environmentId: row.environment_id,
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
  { store, place }: DriftSweepDeps,
  seen: Seen,
  differences: readonly string[],
): Promise<boolean> {
  const { deploymentId, organizationId, revision } = seen;
  return store
    .forOrganization(organizationId, async (db) => {
      if ((await triedOfLate(db, deploymentId)) || (await changedSince(db, seen))) return false;
      const operation = await submitOperation(db, {
        organizationId,
        type: "deployment.reconcile",
        resourceType: "deployment",
        resourceId: deploymentId,
        input: { revision, differences },
        capability: place.kind === "local" ? `local:${place.node}` : "kubernetes",
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

/** A look at a cluster takes its time: an operation that came and went meanwhile made what was looked for another thing. */
async function changedSince(db: Scoped, { deploymentId, revision, at }: Seen): Promise<boolean> {
  const { rows } = await sql`SELECT 1 FROM deployments d
    WHERE d.id = ${deploymentId} AND d.status = 'ready'
      AND d.wanted_revision = ${revision} AND d.applied_revision = ${revision}
      AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.resource_id = d.id AND o.ended_at >= ${at})`.execute(db);
  return rows.length === 0;
}

async function triedOfLate(db: Scoped, deploymentId: string): Promise<boolean> {
  const { rows } = await sql`SELECT 1 FROM operations
    WHERE resource_id = ${deploymentId} AND type = 'deployment.reconcile' AND origin = 'system'
      AND requested_at > now() - make_interval(mins => ${AGAIN_AFTER_MINUTES}) LIMIT 1`.execute(db);
  return rows.length > 0;
}

/** A deployment as the API sees it: its row, where it lives, what is wanted of it and what is under way, in one query. */
import { sql } from "kysely";
import type { GateFacts } from "../../domain/deployment-gate.ts";
import type { DeploymentSpec } from "../../domain/deployment-spec.ts";
import type { OperationSlot, OperationStatus } from "../../domain/operation.ts";
import { publicUrl } from "../../domain/public-url.ts";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import type { Scoped } from "../../store/database.ts";
import { openSpec, revisionPlace } from "../../store/spec-seal.ts";
import { positionOf } from "../pages.ts";
import type { RuntimeTarget } from "../runtime-reader.ts";

interface ActiveOperation {
  id: string;
  type: string;
  slot: OperationSlot;
  status: OperationStatus;
}

/** The query every reader of deployments starts from; `openRow` makes its rows readable. */
export const deploymentQuery = (db: Scoped, organizationId: string) =>
  db
    .selectFrom("deployments as d")
    .innerJoin("environments as e", "e.id", "d.environment_id")
    .innerJoin("clusters as c", "c.id", "e.cluster_id")
    .innerJoin("deployment_specs as s", (join) =>
      join.onRef("s.deployment_id", "=", "d.id").onRef("s.revision", "=", "d.wanted_revision"),
    )
    .where("d.organization_id", "=", organizationId)
    .selectAll("d")
    .select([
      "s.spec",
      "e.is_default",
      "e.isolation_level",
      "c.kind as cluster_kind",
      "c.domain as cluster_domain",
      "c.node as cluster_node",
      "c.settings as cluster_settings",
      positionOf("d.created_at"),
      sql<ActiveOperation[]>`COALESCE((
        SELECT json_agg(json_build_object('id', o.id, 'type', o.type, 'slot', o.slot, 'status', o.status))
        FROM operations o
        WHERE o.resource_id = d.id AND o.status IN ('queued', 'running') AND o.slot <> 'reading'
          -- What a drift sweep queued gives way to any change.
          AND NOT (o.type = 'deployment.reconcile' AND o.origin = 'system' AND o.status = 'queued')
      ), '[]'::json)`.as("active_operations"),
    ]);

type StoredRow = Awaited<ReturnType<ReturnType<typeof deploymentQuery>["executeTakeFirstOrThrow"]>>;

export type DeploymentRow = Omit<StoredRow, "spec"> & { spec: DeploymentSpec };

/** A row with its spec unsealed. */
export async function openRow(db: Scoped, dataKeys: DataKeys, row: StoredRow): Promise<DeploymentRow> {
  return { ...row, spec: await openSpec(db, dataKeys, revisionPlace(row.id, row.wanted_revision), row.spec) };
}

/** Finds one deployment of an organization; undefined when it is not theirs or not there. */
export async function findDeployment(
  db: Scoped,
  dataKeys: DataKeys,
  organizationId: string,
  id: string,
): Promise<DeploymentRow | undefined> {
  const row = await deploymentQuery(db, organizationId).where("d.id", "=", id).executeTakeFirst();
  return row && openRow(db, dataKeys, row);
}

/** The same, with its row locked: the facts read then stay true until the transaction ends. */
export async function lockDeployment(
  db: Scoped,
  dataKeys: DataKeys,
  organizationId: string,
  id: string,
): Promise<DeploymentRow | undefined> {
  const locked = await db
    .selectFrom("deployments")
    .select("id")
    .where("id", "=", id)
    .where("organization_id", "=", organizationId)
    .forUpdate()
    .executeTakeFirst();
  return locked && findDeployment(db, dataKeys, organizationId, id);
}

/** What the gate needs to know. */
export function gateFacts(row: DeploymentRow): GateFacts {
  const bySlot = (slot: OperationSlot) => row.active_operations.find((operation) => operation.slot === slot) ?? null;
  return {
    name: row.name,
    status: row.status,
    powerState: row.spec.power_state,
    protected: row.protected,
    hasDagSource: row.spec.airflow?.dags !== undefined,
    changing: bySlot("changing"),
    destroying: bySlot("destroy"),
  };
}

export const runtimeTarget = (row: DeploymentRow): RuntimeTarget => ({
  deploymentId: row.id,
  clusterKind: row.cluster_kind,
  node: row.cluster_node,
  environmentId: row.environment_id,
  appType: row.app_type,
  url: publicUrl(row.host_label, {
    kind: row.cluster_kind,
    domain: row.cluster_domain,
    settings: row.cluster_settings,
  }),
});

/** What a worker must offer to run an operation of a deployment there. */
export const capabilityOf = (cluster: { kind: string; node: string | null }): string =>
  cluster.kind === "local" ? `local:${cluster.node ?? ""}` : cluster.kind;

/** The same, asked of a row with `kind` and `node`. */
export const capabilityIn = (cluster: string) =>
  sql<string>`CASE ${sql.ref(`${cluster}.kind`)} WHEN 'local' THEN 'local:' || COALESCE(${sql.ref(`${cluster}.node`)}, '')
    ELSE ${sql.ref(`${cluster}.kind`)} END`;

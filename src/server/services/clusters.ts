/** Clusters of the platform: found, registered, taken away. */
import { sql } from "kysely";
import { OnveraError } from "../../domain/errors.ts";
import { newId, parseId } from "../../domain/ids.ts";
import { sealAccess, sealDatabaseUrl } from "../../store/crypto/cluster-secrets.ts";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import type { Scoped } from "../../store/database.ts";
import type { Cluster } from "../../store/tables/places.ts";
import type { ReadCluster } from "./cluster-input.ts";

/** Clusters an organization may use: the shared ones and its own. */
export const usableClusters = (db: Scoped, organizationId: string | null) =>
  db
    .selectFrom("clusters")
    .selectAll()
    .where("removed_at", "is", null)
    .where(({ eb, or }) => or([eb("organization_id", "is", null), eb("organization_id", "=", organizationId)]))
    .orderBy("created_at")
    .orderBy("id");

/** @param id id, bare UUID or name @throws OnveraError CLUSTER_NOT_FOUND */
export async function findCluster(db: Scoped, organizationId: string, id: string): Promise<Cluster> {
  const found = await usableClusters(db, organizationId)
    .where(({ eb, or }) => or([eb("id", "=", parseId("cluster", id) ?? ""), eb("name", "=", id)]))
    .execute();
  const [first] = found;
  if (first === undefined) throw new OnveraError("CLUSTER_NOT_FOUND");
  // An organization's own name goes before the same one among the shared.
  return found.find((row) => row.organization_id !== null) ?? first;
}

/** The cluster an environment is on. */
export const clusterOfEnvironment = (db: Scoped, environmentId: string): Promise<Cluster> =>
  db
    .selectFrom("clusters")
    .innerJoin("environments", "environments.cluster_id", "clusters.id")
    .selectAll("clusters")
    .where("environments.id", "=", environmentId)
    .executeTakeFirstOrThrow();

/**
 * Registers a cluster, its secrets sealed for whoever owns it.
 * @param owner the organization, or null for one that all share
 * @throws OnveraError RESOURCE_CONFLICT when the owner has one of that name
 */
export async function insertCluster(
  db: Scoped,
  dataKeys: DataKeys,
  owner: string | null,
  wanted: ReadCluster & { name: string; domain: string },
): Promise<Cluster> {
  const cluster = { id: newId("cluster"), organization_id: owner };
  const row = await db
    .insertInto("clusters")
    .values({
      ...cluster,
      kind: "kubernetes",
      name: wanted.name,
      domain: wanted.domain,
      settings: JSON.stringify(wanted.settings),
      access: await sealAccess(db, dataKeys, cluster, wanted.access),
      database_url: await sealDatabaseUrl(db, dataKeys, cluster, wanted.databaseUrl),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!row) {
    throw new OnveraError("RESOURCE_CONFLICT", {
      message: "A cluster of this name is registered already. Choose another name",
    });
  }
  return row;
}

/**
 * Forgets a cluster's secrets and takes it from the platform. Environments that only destroyed deployments name stay behind.
 * @throws OnveraError RESOURCE_CONFLICT while an environment on it can be deployed into or has a deployment
 */
export async function removeCluster(db: Scoped, cluster: Cluster): Promise<void> {
  if (cluster.kind === "local") {
    throw new OnveraError("RESOURCE_CONFLICT", {
      message: "This cluster is a machine of the platform. It goes when its worker is taken away",
    });
  }
  const { rows } = await sql<{ deployments: number; environments: number }>`
    SELECT count(*) FILTER (WHERE used.live > 0) AS deployments, count(*) FILTER (WHERE used.ever = 0 OR e.is_default) AS environments
    FROM environments e CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE destroyed_at IS NULL) AS live, count(*) AS ever FROM deployments WHERE environment_id = e.id
    ) used WHERE e.cluster_id = ${cluster.id}`.execute(db);
  const [used] = rows;
  if (used !== undefined && (used.deployments > 0 || used.environments > 0)) {
    throw new OnveraError("RESOURCE_CONFLICT", {
      message:
        used.deployments > 0
          ? "Deployments live on this cluster. Destroy them first, or abandon the cluster if it is gone"
          : "Environments are on this cluster. Delete them first",
    });
  }
  await db
    .updateTable("clusters")
    .set({ access: null, database_url: null, preflight: null, removed_at: sql<Date>`now()` })
    .where("id", "=", cluster.id)
    .execute();
}

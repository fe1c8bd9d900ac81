/** Kubernetes clusters that carry deployments, and which those are. */
import { sql } from "kysely";
import type { Scoped } from "./database.ts";

export interface PopulatedCluster {
  id: string;
  /** For people. */
  name: string;
  /** One of its environments: whichever it is, the cluster is reached in the same way. */
  environmentId: string;
}

/** Those that can still be asked. */
export async function populatedClusters(db: Scoped): Promise<PopulatedCluster[]> {
  const { rows } = await sql<PopulatedCluster>`
    SELECT c.id, c.name, min(e.id) AS "environmentId" FROM clusters c JOIN environments e ON e.cluster_id = c.id
    WHERE c.kind = 'kubernetes' AND c.abandoned_at IS NULL AND c.removed_at IS NULL
      AND EXISTS (SELECT 1 FROM deployments d WHERE d.environment_id = e.id AND d.destroyed_at IS NULL)
    GROUP BY c.id ORDER BY c.id`.execute(db);
  return rows;
}

/** Ids of the deployments of a cluster, unless they are destroyed. */
export async function deploymentsOnCluster(db: Scoped, clusterId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("deployments")
    .innerJoin("environments", "environments.id", "deployments.environment_id")
    .select("deployments.id")
    .where("environments.cluster_id", "=", clusterId)
    .where("deployments.destroyed_at", "is", null)
    .execute();
  return rows.map(({ id }) => id);
}

/** Where an environment's deployments go on a Kubernetes cluster, with what its cluster and its database server are reached by. */
import type { ClusterAccess } from "../domain/cluster-access.ts";
import { type Placement, placementOf } from "../domain/kubernetes-settings.ts";
import { openAccess, openDatabaseUrl } from "./crypto/cluster-secrets.ts";
import type { DataKeys } from "./crypto/data-keys.ts";
import type { Scoped } from "./database.ts";
import type { Cluster } from "./tables/places.ts";

export interface ClusterPlace {
  cluster: Cluster;
  access: ClusterAccess;
  /** Of the administrator, as the control plane reaches the server. */
  databaseUrl: string;
  placement: Placement;
}

/**
 * Reads and unseals it all.
 * @throws ClusterAbandoned when the cluster was given up
 * @throws Error when there is no such environment, or it is not on a Kubernetes cluster
 */
export async function readClusterPlace(
  db: Scoped,
  dataKeys: DataKeys,
  { environmentId }: { environmentId: string },
): Promise<ClusterPlace> {
  const environment = await db
    .selectFrom("environments")
    .selectAll()
    .where("id", "=", environmentId)
    .executeTakeFirstOrThrow();
  const cluster = await db
    .selectFrom("clusters")
    .selectAll()
    .where("id", "=", environment.cluster_id)
    .where("kind", "=", "kubernetes")
    .executeTakeFirstOrThrow();
  return {
    cluster,
    access: await openAccess(db, dataKeys, cluster),
    databaseUrl: await openDatabaseUrl(db, dataKeys, cluster, environment),
    placement: placementOf(cluster.settings, {
      isolation: environment.isolation_level,
      settings: environment.settings,
    }),
  };
}

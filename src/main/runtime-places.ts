/** Where the server asks about deployments on Kubernetes: each environment's cluster, opened when it is needed. */
import type { HostAndPort } from "../domain/kubernetes-settings.ts";
import type { ClusterClient } from "../kubernetes/client.ts";
import { readClusterPlace } from "../store/cluster-place.ts";
import { openClusters } from "./cluster-clients.ts";
import type { Installation } from "./installation.ts";

export interface RuntimePlace {
  /** The cluster's name, for people. */
  cluster: string;
  client: ClusterClient;
  /** Where the ingress controller is reached when the domain is not in DNS. */
  ingressAddress: HostAndPort | null;
}

/** Reads the access anew each time: it may have been replaced meanwhile. @throws when the cluster was given up */
export type OpenRuntimePlace = (environmentId: string) => Promise<RuntimePlace>;

/** Opens nothing yet. */
export function openRuntimePlaces({ store, dataKeys }: Pick<Installation, "store" | "dataKeys">): OpenRuntimePlace {
  const clusters = openClusters();
  return async (environmentId) => {
    const { cluster, access, placement } = await store.asPlatform((db) =>
      readClusterPlace(db, dataKeys, { environmentId }),
    );
    const client = await clusters.clientOf(cluster.id, access);
    return { cluster: cluster.name, client, ingressAddress: placement.ingressAddress };
  };
}

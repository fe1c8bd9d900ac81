/** Environments on Kubernetes clusters, opened when they are needed: by workers for operations, by the server for readers. */
import type { ClusterClient } from "../kubernetes/client.ts";
import { renewedClient } from "../kubernetes/renewed-client.ts";
import { type ClusterPlace, readClusterPlace } from "../store/cluster-place.ts";
import { openClusters } from "./cluster-clients.ts";
import type { Installation } from "./installation.ts";

export interface OpenedPlace extends ClusterPlace {
  /** Goes on by itself when the cluster is given other credentials. */
  client: ClusterClient;
}

/** Reads the access anew each time: it may have been replaced meanwhile. @throws when the cluster was given up */
export type OpenKubernetesPlace = (environmentId: string) => Promise<OpenedPlace>;

/** Opens nothing yet. */
export function openKubernetesPlaces({
  store,
  dataKeys,
}: Pick<Installation, "store" | "dataKeys">): OpenKubernetesPlace {
  const clusters = openClusters();
  const read = (environmentId: string) => store.asPlatform((db) => readClusterPlace(db, dataKeys, { environmentId }));
  const clientOf = ({ cluster, access }: ClusterPlace) => clusters.clientOf(cluster.id, access);
  return async (environmentId) => {
    const place = await read(environmentId);
    const client = renewedClient(await clientOf(place), async () => clientOf(await read(environmentId)));
    return { ...place, client };
  };
}

/** Where the server asks about deployments on Kubernetes: each environment's cluster, opened when it is needed. */
import type { HostAndPort } from "../domain/kubernetes-settings.ts";
import type { ClusterClient } from "../kubernetes/client.ts";
import type { Installation } from "./installation.ts";
import { openKubernetesPlaces } from "./kubernetes-places.ts";

export interface RuntimePlace {
  /** The cluster's name, for people. */
  cluster: string;
  client: ClusterClient;
  /** Where the ingress controller is reached when the domain is not in DNS. */
  ingressAddress: HostAndPort | null;
}

/** @throws when the cluster was given up */
export type OpenRuntimePlace = (environmentId: string) => Promise<RuntimePlace>;

/** Opens nothing yet. */
export function openRuntimePlaces(installation: Pick<Installation, "store" | "dataKeys">): OpenRuntimePlace {
  const open = openKubernetesPlaces(installation);
  return async (environmentId) => {
    const { cluster, client, placement } = await open(environmentId);
    return { cluster: cluster.name, client, ingressAddress: placement.ingressAddress };
  };
}

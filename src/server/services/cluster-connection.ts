/** A registered cluster as the server itself asks it: only at addresses its owner may lead the platform to. */
import { addressVerdict } from "../../domain/address-verdict.ts";
import type { ClusterAccess } from "../../domain/cluster-access.ts";
import { OnveraError } from "../../domain/errors.ts";
import { KubernetesSettings } from "../../domain/kubernetes-settings.ts";
import { type ClusterClient, connect } from "../../kubernetes/client.ts";
import type { Cluster } from "../../store/tables/places.ts";

/** @throws OnveraError RESOURCE_CONFLICT for a cluster that is no Kubernetes cluster, or was abandoned */
export function kubernetesInUse(cluster: Cluster): KubernetesSettings {
  if (cluster.kind === "kubernetes" && cluster.abandoned_at === null) return KubernetesSettings.parse(cluster.settings);
  throw new OnveraError("RESOURCE_CONFLICT", { message: "This is only for a Kubernetes cluster that is in use" });
}

/**
 * Opens a client for the time of `work`.
 * @param isTrusted whether the operator gave the address: it may be inside a network then
 * @throws ClusterFailure when the address may not be connected to, and whatever `work` throws
 */
export async function withCluster<T>(
  access: ClusterAccess,
  { isTrusted, privateHosts }: { isTrusted: boolean; privateHosts: readonly string[] },
  work: (client: ClusterClient) => Promise<T>,
): Promise<T> {
  const host = new URL(access.server).hostname.replace(/^\[|\]$/g, "");
  const isFree = isTrusted || privateHosts.includes(host);
  const client = await connect(access, {
    allows: isFree ? undefined : (address) => addressVerdict(address) === "open",
  });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

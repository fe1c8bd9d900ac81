/** Which cluster answers: an address can change hands, and a cluster can change its address. */
import type { ClusterClient } from "./client.ts";
import type { Namespace } from "./objects.ts";

/** @returns the UID of the namespace every cluster makes first and never removes @throws ClusterFailure */
export async function clusterIdentity(client: Pick<ClusterClient, "raw">): Promise<string | null> {
  const found = (await client.raw("tell which cluster it is", { path: "/api/v1/namespaces/kube-system" })) as Namespace;
  return found.metadata.uid ?? null;
}

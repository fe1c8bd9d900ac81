/** Where a cluster's API server is, as pods reach it: behind its Service, since a NetworkPolicy sees where a connection ends. */
import type { ClusterClient } from "./client.ts";
import { ClusterFailure } from "./failure.ts";

export interface ApiServerAddress {
  addresses: string[];
  port: number;
}

interface EndpointSlice {
  endpoints?: { addresses: string[] }[] | null;
  ports?: { name?: string | null; port?: number | null }[] | null;
}

const SERVICE = "kubernetes";
const path = `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D${SERVICE}`;

/** @throws ClusterFailure, in words for whoever can mend it where the cluster does not say */
export async function apiServerAddress(client: Pick<ClusterClient, "raw">): Promise<ApiServerAddress> {
  const { items } = (await client.raw("list where its API server is", { path })) as { items: EndpointSlice[] };
  const addresses = items.flatMap(({ endpoints }) => (endpoints ?? []).flatMap((endpoint) => endpoint.addresses));
  const ports = items.flatMap((slice) => slice.ports ?? []);
  const port = (ports.find(({ name }) => name === "https") ?? ports[0])?.port;
  if (addresses.length === 0 || port === undefined || port === null) {
    const words = `Its Service '${SERVICE}' in the namespace 'default' names no address, so that no pod can be let through to the API server.`;
    throw new ClusterFailure("refused", words);
  }
  return { addresses: [...new Set(addresses)].sort(), port };
}

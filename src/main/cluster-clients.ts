/** One client for each cluster, kept while the cluster is reached in the same way. */
import { createHash } from "node:crypto";
import type { ClusterAccess } from "../domain/cluster-access.ts";
import { type ClusterClient, connect } from "../kubernetes/client.ts";

export interface ClusterClients {
  clientOf(clusterId: string, access: ClusterAccess): Promise<ClusterClient>;
}

/** Opens nothing yet. */
export function openClusters(): ClusterClients {
  const open = new Map<string, { digest: string; client: Promise<ClusterClient> }>();
  return {
    clientOf(clusterId, access) {
      const digest = createHash("sha256").update(JSON.stringify(access)).digest("hex");
      const known = open.get(clusterId);
      if (known?.digest === digest) return known.client;
      const client = connect(access);
      open.set(clusterId, { digest, client });
      client.catch(() => open.delete(clusterId));
      // Calls under way on the old one go on; it closes when they have had their time.
      void known?.client
        .then((old) => setTimeout(() => old.close(), OLD_CLIENT_MILLISECONDS).unref())
        .catch(() => undefined);
      return client;
    },
  };
}

const OLD_CLIENT_MILLISECONDS = 20 * 60_000;

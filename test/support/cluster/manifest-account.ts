/** The account that `onvera clusters manifest` installs, on the rig: what Onvera does there is done with its rights alone. */
import { clusterManifest } from "../../../src/domain/cluster-permissions.ts";
import { until } from "../until.ts";
import type { RunningCluster } from "./running-cluster.ts";

export interface ManifestAccount {
  /** With the account's token, as docs/kubernetes.md makes one. */
  kubeconfig: string;
  /** Everything the manifest installs. */
  objects: object[];
  remove(): Promise<void>;
}

/** Installs it. @param namespace for the account itself */
export async function installManifestAccount(cluster: RunningCluster, namespace: string): Promise<ManifestAccount> {
  const objects = clusterManifest(namespace);
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
  await cluster.kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], list);
  const read = () =>
    cluster.kubectl(["-n", namespace, "get", "secret", "onvera-token", "-o", "jsonpath={.data.token}"]);
  await until(async () => (await read()) !== "", "the account has its token", 30);
  const config = JSON.parse(cluster.kubeconfig);
  config.users[0].user = { token: Buffer.from(await read(), "base64").toString("utf8") };
  return {
    kubeconfig: JSON.stringify(config),
    objects,
    remove: async () => {
      await cluster.kubectl(["delete", "--ignore-not-found", "--wait=false", "-f", "-"], list);
    },
  };
}

/** Waiting, at a stop, until nothing of a deployment runs any more. */
import { namespaceName } from "../../../domain/kubernetes-names.ts";
import type { ClusterClient } from "../../../kubernetes/client.ts";
import { untilNamespace } from "../../../kubernetes/namespace-view.ts";
import { removerOf } from "./remove-once.ts";
import { appMadePods, livingPods } from "./rollout.ts";
import { type ClusterIo, waitOptions } from "./waits.ts";

/**
 * Resolves when no pod of the deployment is left but those of Jobs that ended. Those the app made for itself may go on
 * while its processes drain; then they are ended here, since nobody is left to do it.
 */
export async function waitUntilStopped(client: ClusterClient, deploymentId: string, io: ClusterIo): Promise<void> {
  const namespace = namespaceName(deploymentId);
  const remove = removerOf(client, io);
  let said = "";
  await untilNamespace(client, waitOptions(namespace, io), ({ pods, deployments }) => {
    const declared = deployments.some(({ spec }) => (spec.replicas ?? 1) > 0);
    const left = livingPods(pods).map(({ metadata }) => metadata.name);
    if (left.length === 0 && !declared) return true;
    const own = appMadePods(pods);
    if (!declared && own.length === left.length) {
      for (const { metadata } of own) remove(podPath(namespace, metadata.name));
    }
    const message = `Stopping ${left.join(", ")}`;
    if (message !== said) io.say(message);
    said = message;
    return undefined;
  });
}

const podPath = (namespace: string, name: string) => `/api/v1/namespaces/${namespace}/pods/${name}`;

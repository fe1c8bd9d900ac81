/** What tests do with deployments on the rig: register it, ask by API, wait, and look in as a browser does. */
import { namespaceName } from "../../../src/domain/kubernetes-names.ts";
import { apiOf } from "../conformance/subject.ts";
import { openSession, type WebSession } from "../web-session.ts";
import type { ClusterPlane } from "./cluster-plane.ts";
import { ingressClassName, ingressNamespace } from "./ingress-manifests.ts";
import type { RunningCluster } from "./running-cluster.ts";

export interface DeployedInPods {
  /**
   * Registers the rig and makes an environment on it.
   * @param more what differs from the rig's ordinary
   * @returns the environment's id
   */
  environment(kubeconfig: string, more?: object): Promise<string>;
  /** Waits for an accepted operation to succeed. @returns its result */
  succeeds(accepted: { operation_id: string }): Promise<unknown>;
  /** A browser that goes through the ingress controller, to the address the API tells. */
  browser(deploymentId: string): Promise<WebSession>;
  /** kubectl in the deployment's namespace. */
  kubectl(deploymentId: string, ...args: string[]): Promise<string>;
  /** Asks the API server to remove what a failed test left. */
  abandon(deploymentId: string | undefined): Promise<void>;
}

/** @param onvera a control plane that no cluster is registered with yet */
export function deployedInPods(cluster: RunningCluster, onvera: ClusterPlane): DeployedInPods {
  const ingress = { host: cluster.place.ingressAddress, port: 443 };
  return {
    async environment(kubeconfig, more = {}) {
      const { id: cluster_id } = await onvera.call("POST", "/clusters", {
        name: "rig",
        domain: "apps.example.com",
        kubeconfig,
        database_url: onvera.database.url,
        database_address: onvera.database.address,
        ingress_class: ingressClassName,
        ingress_namespace: ingressNamespace,
        ingress_address: ingress,
        ...more,
      });
      const wanted = { name: "Rig", cluster_id, isolation_level: "shared" };
      return (await onvera.call("POST", "/environments", wanted)).id;
    },
    succeeds: apiOf(onvera).succeeds,
    async browser(deploymentId) {
      const { url } = await onvera.call("GET", `/deployments/${deploymentId}`);
      return openSession(url, undefined, ingress);
    },
    kubectl: (deploymentId, ...args) => cluster.kubectl(["--namespace", namespaceName(deploymentId), ...args]),
    async abandon(deploymentId) {
      if (deploymentId === undefined) return;
      const namespace = namespaceName(deploymentId);
      await cluster.kubectl(["delete", "namespace", namespace, "--ignore-not-found", "--wait=false"]);
    },
  };
}

/** What every manifest of a deployment is made from, and the metadata all of them carry. Pure. */
import type { input } from "@pulumi/kubernetes/types/index.js";
import type { DeploymentSpec } from "../../../../domain/deployment-spec.ts";
import { kubernetesLabels, namespaceName } from "../../../../domain/kubernetes-names.ts";
import type { KubernetesPlace } from "../../../../domain/kubernetes-place.ts";
import type { TargetContext } from "../../../../domain/program-input.ts";
import type { Workload } from "../../../../domain/workload.ts";

export type Metadata = input.meta.v1.ObjectMeta & { labels: Record<string, string> };

export interface ClusterFacts {
  deploymentId: string;
  namespace: string;
  spec: DeploymentSpec;
  workload: Workload;
  context: TargetContext;
  place: KubernetesPlace;
}

/**
 * Narrows a component's arguments to a Kubernetes cluster.
 * @throws Error when the context names another kind of cluster; that is a fault of ours
 */
export function clusterFacts(args: Pick<ClusterFacts, "deploymentId" | "spec" | "workload" | "context">): ClusterFacts {
  const { deploymentId, spec, workload, context } = args;
  if (context.target !== "kubernetes") throw new Error(`A cluster of kind ${context.target} is not a Kubernetes one.`);
  const namespace = namespaceName(deploymentId);
  return { deploymentId, namespace, spec, workload, context, place: context.kubernetes };
}

/** Labels of one object of the deployment. */
export const labelsOf = ({ deploymentId, workload }: ClusterFacts, component: string): Record<string, string> =>
  kubernetesLabels({ deploymentId, app: workload.app }, component);

/**
 * Metadata of an object in the deployment's namespace.
 * @param component which part of the deployment it belongs to
 */
export function metadataOf(
  facts: ClusterFacts,
  name: string,
  component: string,
  annotations: Record<string, string> = {},
): Metadata {
  return { name, namespace: facts.namespace, labels: labelsOf(facts, component), annotations };
}

/** The provider reports an object as made at once: whether it works is for the health check to say. */
export const withoutAwait = { "pulumi.com/skipAwait": "true" } as const;

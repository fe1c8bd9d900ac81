/** The deployment's own namespace: what may run in it, how much, and as whom. Pure. */
import type { input } from "@pulumi/kubernetes/types/index.js";
import { kubernetesNames } from "../../../../domain/kubernetes-names.ts";
import { type Size, sizes } from "../../../../domain/sizes.ts";
import type { WorkloadProcess } from "../../../../domain/workload.ts";
import { type ClusterFacts, labelsOf, metadataOf, withoutAwait } from "./facts.ts";

/** Nothing runs here that could reach its node: no root, no privilege, no host paths, no host network. */
const restricted = Object.fromEntries(
  ["enforce", "audit", "warn"].flatMap((mode) => [
    [`pod-security.kubernetes.io/${mode}`, "restricted"],
    [`pod-security.kubernetes.io/${mode}-version`, "latest"],
  ]),
);

/** While a rollout goes on, one new copy runs beside the old ones and one old copy is ending. */
const COPIES_OF_A_ROLLOUT = 2;
const JOBS_AT_ONCE = 2;

/** Gigabytes a container may write beside its volumes. */
export const scratchGigabytes = { request: 0.1, limit: 2 } as const;

export const namespace = (facts: ClusterFacts) => ({
  metadata: {
    name: facts.namespace,
    labels: { ...labelsOf(facts, "namespace"), ...restricted },
  },
});

/** Cores and megabytes everything of a deployment may ask for at the same moment, rollouts included. */
export function ceilings({ workload, spec }: Pick<ClusterFacts, "workload" | "spec">) {
  const size = sizes[spec.size];
  const sum = (of: (process: WorkloadProcess) => number) =>
    workload.processes.reduce((total, process) => total + of(process) * copies(process), 0);
  return {
    cpu: sum(({ cpu }) => cpu) + JOBS_AT_ONCE * size.cpu,
    memoryMegabytes: sum(({ memoryMegabytes }) => memoryMegabytes) + JOBS_AT_ONCE * size.memoryMegabytes,
    pods: workload.processes.reduce((total, process) => total + copies(process), JOBS_AT_ONCE),
  };
}

const copies = ({ replicas }: WorkloadProcess): number => replicas + COPIES_OF_A_ROLLOUT;

export function quota(facts: ClusterFacts) {
  const { cpu, memoryMegabytes, pods } = ceilings(facts);
  const { dataGigabytes, logsGigabytes }: Size = sizes[facts.spec.size];
  const hard: Record<string, string> = {
    pods: String(pods),
    "requests.cpu": String(cpu),
    "limits.cpu": String(cpu),
    "requests.memory": `${memoryMegabytes}Mi`,
    "limits.memory": `${memoryMegabytes}Mi`,
    persistentvolumeclaims: "2",
    "requests.storage": `${dataGigabytes + logsGigabytes}Gi`,
    // Nothing of a deployment is reachable but through the ingress controller.
    "services.nodeports": "0",
    "services.loadbalancers": "0",
  };
  return { metadata: metadataOf(facts, kubernetesNames.quota, "namespace", withoutAwait), spec: { hard } };
}

/** A container that says nothing gets little, and none gets more than the deployment's size. */
export function limitRange(facts: ClusterFacts) {
  const { cpu, memoryMegabytes } = sizes[facts.spec.size];
  const container: input.core.v1.LimitRangeItem = {
    type: "Container",
    defaultRequest: { cpu: "50m", memory: "64Mi", "ephemeral-storage": `${scratchGigabytes.request}Gi` },
    default: { cpu: "500m", memory: "256Mi", "ephemeral-storage": `${scratchGigabytes.limit}Gi` },
    max: { cpu: String(cpu), memory: `${memoryMegabytes}Mi` },
  };
  return { metadata: metadataOf(facts, kubernetesNames.limits, "namespace"), spec: { limits: [container] } };
}

/** What the app runs as: known to the API server, and without a token to ask it anything. */
export const appServiceAccount = (facts: ClusterFacts) => ({
  metadata: metadataOf(facts, APP_ACCOUNT, "namespace"),
  automountServiceAccountToken: false,
});

export const APP_ACCOUNT = "app";

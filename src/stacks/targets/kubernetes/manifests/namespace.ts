/** The deployment's own namespace: what may run in it, how much, and as whom. Pure. */
import type { input } from "@pulumi/kubernetes/types/index.js";
import { kubernetesNames } from "../../../../domain/kubernetes-names.ts";
import { type Size, sizes } from "../../../../domain/sizes.ts";
import type { WorkloadProcess } from "../../../../domain/workload.ts";
import { type ClusterFacts, labelsOf, metadataOf, withoutAwait } from "./facts.ts";
import { cores, megabytes } from "./quantities.ts";

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

/** Megabytes a container may write beside its volumes. */
export const scratchMegabytes = { request: 128, limit: 2048 } as const;

export const namespace = (facts: ClusterFacts) => ({
  metadata: {
    name: facts.namespace,
    labels: { ...labelsOf(facts, "namespace"), ...restricted },
    // Its end is waited for outside the engine, where somebody can say what holds it.
    annotations: withoutAwait,
  },
});

/**
 * The most one container may take. Processes have shares of their deployment's size; while it starts, or is busy, one may
 * borrow from the others: all cores, and as much memory again.
 */
export const mostOf = ({ memoryMegabytes }: Pick<WorkloadProcess, "memoryMegabytes">, size: Size) => ({
  cpu: size.cpu,
  memoryMegabytes: Math.min(2 * memoryMegabytes, size.memoryMegabytes),
});

/** What everything of a deployment may ask for at the same moment, rollouts included. */
function ceilings({ workload, spec }: Pick<ClusterFacts, "workload" | "spec">) {
  const size = sizes[spec.size];
  type Pods = Pick<WorkloadProcess, "cpu" | "memoryMegabytes">;
  const tasks = workload.taskPods;
  const sum = (of: (pods: Pods) => number, ofJob: number) =>
    workload.processes.reduce((total, process) => total + of(process) * copies(process), JOBS_AT_ONCE * ofJob) +
    (tasks === undefined ? 0 : of(tasks) * tasks.most);
  return {
    pods: sum(() => 1, 1),
    cpu: { sure: sum(({ cpu }) => cpu, size.cpu), most: sum((process) => mostOf(process, size).cpu, size.cpu) },
    memory: {
      sure: sum(({ memoryMegabytes }) => memoryMegabytes, size.memoryMegabytes),
      most: sum((process) => mostOf(process, size).memoryMegabytes, size.memoryMegabytes),
    },
  };
}

const copies = ({ replicas }: WorkloadProcess): number => replicas + COPIES_OF_A_ROLLOUT;

export function quota(facts: ClusterFacts) {
  const { cpu, memory, pods } = ceilings(facts);
  const { dataGigabytes, logsGigabytes }: Size = sizes[facts.spec.size];
  const hard: Record<string, string> = {
    pods: String(pods),
    "requests.cpu": cores(cpu.sure),
    "limits.cpu": cores(cpu.most),
    "requests.memory": megabytes(memory.sure),
    "limits.memory": megabytes(memory.most),
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
    defaultRequest: { cpu: "50m", memory: "64Mi", "ephemeral-storage": megabytes(scratchMegabytes.request) },
    default: { cpu: "500m", memory: "256Mi", "ephemeral-storage": megabytes(scratchMegabytes.limit) },
    max: { cpu: cores(cpu), memory: megabytes(memoryMegabytes) },
  };
  return { metadata: metadataOf(facts, kubernetesNames.limits, "namespace"), spec: { limits: [container] } };
}

/** What the app runs as: known to the API server, and without a token to ask it anything. */
export const appServiceAccount = (facts: ClusterFacts) => ({
  metadata: metadataOf(facts, APP_ACCOUNT, "namespace"),
  automountServiceAccountToken: false,
});

export const APP_ACCOUNT = "app";

/** Of the one process that makes a pod for each task. Its pods mount the token, by their own word. */
export const POD_MAKER_ACCOUNT = "pod-maker";

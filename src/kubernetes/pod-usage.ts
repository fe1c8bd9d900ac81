/** What each copy of a process uses, as the cluster's metrics server measured it last. */
import type { ClusterClient } from "./client.ts";
import { ClusterFailure } from "./failure.ts";
import { listAll } from "./follow-list.ts";
import { restartsOf } from "./log-past.ts";
import type { Pod } from "./objects.ts";
import { hasEnded, numberPods } from "./replicas.ts";

/** Of one pod, as the metrics API gives it. */
export interface PodMetrics {
  metadata: { name: string; namespace?: string };
  containers: { usage: { cpu: string; memory: string } }[];
}

export interface ReplicaUsage {
  process: string;
  replica: number;
  /** 100 is one whole core. */
  cpuPercent: number;
  memoryBytes: number;
  restarts: number;
}

export interface UsageWanted {
  /** All of them when left out. */
  namespace?: string;
  /** Of labels. */
  selector?: string;
  signal?: AbortSignal;
}

/** @throws ClusterFailure, in words for whoever can mend it where the cluster measures nothing */
export async function readPodUsage(
  client: Pick<ClusterClient, "raw">,
  { namespace, selector, signal }: UsageWanted,
): Promise<PodMetrics[]> {
  const place = namespace === undefined ? "" : `/namespaces/${namespace}`;
  const query = selector === undefined ? "" : `?labelSelector=${encodeURIComponent(selector)}`;
  const path = `/apis/metrics.k8s.io/v1beta1${place}/pods${query}`;
  try {
    return (await listAll<PodMetrics>(client, { what: "what pods use", path, ...(signal && { signal }) })).items;
  } catch (error) {
    if (!(error instanceof ClusterFailure) || error.reason !== "not-found") throw error;
    const words = "It has no metrics API, so nobody measures its pods: install metrics-server.";
    throw new ClusterFailure("not-found", words, { status: error.status, cause: error });
  }
}

/** Pods that nobody has measured yet are left out: nothing is known of them. */
export function podUsage(pods: readonly Pod[], measured: readonly PodMetrics[]): ReplicaUsage[] {
  const byName = new Map(measured.map((one) => [one.metadata.name, one.containers]));
  return numberPods(pods.filter((pod) => !hasEnded(pod))).flatMap(({ process, replica, pod }) => {
    const containers = byName.get(pod.metadata.name);
    if (containers === undefined) return [];
    return { process, replica, ...usageOf(containers), restarts: restartsOf(pod) };
  });
}

/** What the containers of a pod use together. @throws Error for what is no quantity */
export function usageOf(containers: PodMetrics["containers"]): Pick<ReplicaUsage, "cpuPercent" | "memoryBytes"> {
  const sum = (of: "cpu" | "memory") => containers.reduce((total, { usage }) => total + quantity(usage[of]), 0);
  return { cpuPercent: Math.round(sum("cpu") * 1000) / 10, memoryBytes: Math.round(sum("memory")) };
}

const scales: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Reads `250m`, `12345n`, `64Mi`. @throws Error for what is no quantity */
export function quantity(text: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)([A-Za-z]{0,2})$/.exec(text) ?? [];
  const scale = scales[unit];
  if (number === undefined || scale === undefined) throw new Error(`'${text}' is no quantity.`);
  return Number(number) * scale;
}

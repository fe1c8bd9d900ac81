/** Which pods of a whole cluster are copies of which process. Pure. */
import { restartsOf } from "./log-past.ts";
import type { Pod } from "./objects.ts";
import { hasEnded, numberPods, type ReplicaPod } from "./replicas.ts";

export interface ProcessCopy {
  /** The pod's name. */
  pod: string;
  process: string;
  replica: number;
  restarts: number;
}

/** Who keeps the pods of a process. A Job's pod, or one that an app made by itself for a task, comes and goes. */
const keepers: readonly string[] = ["ReplicaSet", "StatefulSet"];

/** The copies in each namespace; pods that have ended for good are none. */
export function processCopies(pods: readonly Pod[]): Map<string, ProcessCopy[]> {
  const kept = new Map<string, Pod[]>();
  for (const pod of pods) {
    if (!isKept(pod) || hasEnded(pod)) continue;
    const { namespace = "" } = pod.metadata;
    const own = kept.get(namespace) ?? [];
    own.push(pod);
    kept.set(namespace, own);
  }
  return new Map([...kept].map(([namespace, own]) => [namespace, numberPods(own).map(copyOf)]));
}

const copyOf = ({ process, replica, pod }: ReplicaPod): ProcessCopy => ({
  pod: pod.metadata.name,
  process,
  replica,
  restarts: restartsOf(pod),
});

const isKept = ({ metadata }: Pod): boolean =>
  metadata.ownerReferences?.some(({ kind }) => keepers.includes(kind)) ?? false;

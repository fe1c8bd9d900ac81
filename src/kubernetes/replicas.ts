/** Which pod is which copy of which process: a pod's name says neither. Pure. */
import type { ClusterObject, Pod } from "./objects.ts";

export interface ReplicaPod {
  /** The process, or the job. */
  process: string;
  /** Place among the process's pods, the oldest first, from 0; those that have ended for good come last. */
  replica: number;
  pod: Pod;
}

/** The process or job an object belongs to. */
export const componentOf = ({ metadata }: ClusterObject): string =>
  metadata.labels?.["app.kubernetes.io/component"] ?? metadata.name;

/** Numbers the pods of each process or job. */
export function numberPods(pods: readonly Pod[]): ReplicaPod[] {
  const counted = new Map<string, number>();
  return [...pods].sort(byAge).map((pod) => {
    const process = componentOf(pod);
    const replica = counted.get(process) ?? 0;
    counted.set(process, replica + 1);
    return { process, replica, pod };
  });
}

/** Whether the pod has ended and will not run again. */
export const hasEnded = ({ status }: Pod): boolean => status?.phase === "Succeeded" || status?.phase === "Failed";

function byAge(one: Pod, other: Pod): number {
  if (hasEnded(one) !== hasEnded(other)) return hasEnded(one) ? 1 : -1;
  const [a, b] = [one.metadata, other.metadata].map(
    ({ creationTimestamp = "", name }) => `${creationTimestamp} ${name}`,
  );
  return (a ?? "") < (b ?? "") ? -1 : 1;
}

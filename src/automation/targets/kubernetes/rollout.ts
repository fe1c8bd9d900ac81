/** Whether a rollout has come about, is on its way, or cannot: a pure verdict over what the cluster shows. */
import type { NamespaceView } from "../../../kubernetes/namespace-view.ts";
import type { ClusterEvent, Deployment, Pod, ReplicaSet } from "../../../kubernetes/objects.ts";
import { type PodTrouble, type PodTroubleKind, podTrouble, probeWords } from "../../../kubernetes/pod-trouble.ts";
import { creationRefusal, isOwnedBy, newestReplicaSet } from "../../../kubernetes/replica-sets.ts";
import { componentOf } from "../../../kubernetes/replicas.ts";

export type TroubleKind = PodTroubleKind | "quota" | "refused" | "stalled";

export interface RolloutTrouble extends Omit<PodTrouble, "kind"> {
  kind: TroubleKind;
  process: string;
  /** Undefined where no pod could be made. */
  pod?: string;
  podUid?: string;
}

export type RolloutVerdict =
  | { state: "ready" }
  | { state: "waiting"; message: string; troubles: readonly RolloutTrouble[] };

/**
 * Looks at the newest revision of every process.
 * @param processes the names that must run
 */
export function rolloutVerdict(view: NamespaceView, processes: readonly string[]): RolloutVerdict {
  const waiting: string[] = [];
  const troubles: RolloutTrouble[] = [];
  for (const process of processes) {
    const deployment = view.deployments.find(({ metadata }) => metadata.name === process);
    if (deployment !== undefined && isComplete(deployment)) continue;
    waiting.push(process);
    if (deployment !== undefined) troubles.push(...troublesOf(view, deployment, process));
  }
  if (waiting.length === 0) return { state: "ready" };
  const about = troubles[0] === undefined ? "" : `: ${troubles[0].message}`;
  return { state: "waiting", message: `Waiting for ${waiting.join(", ")}${about}`, troubles };
}

/** What keeps the pods of Jobs that are not done: the engine waits for them, and nobody else would say why. */
export function jobTroubles({ jobs, pods }: NamespaceView): RolloutTrouble[] {
  return jobs
    .filter(({ status }) => !status?.conditions?.some(({ type, status: is }) => type === "Complete" && is === "True"))
    .flatMap((job) =>
      pods
        .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid))
        .flatMap((pod) => troubleOfPod(pod, componentOf(job), [])),
    )
    .filter(({ kind }) => kind !== "not-ready" && kind !== "crashes");
}

/** Pods that still hold something. Those of Jobs that ended do not; one that is being deleted does until it is gone. */
export const livingPods = (pods: readonly Pod[]): Pod[] =>
  pods.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp !== undefined || (status?.phase !== "Succeeded" && status?.phase !== "Failed"),
  );

/** Living pods that belong to no Deployment and no Job: an app made them itself, one for each of its tasks. */
export const appMadePods = (pods: readonly Pod[]): Pod[] =>
  livingPods(pods).filter(({ metadata }) => (metadata.ownerReferences ?? []).length === 0);

/** Everything of the newest revision runs and is available, and nothing of an older one is left. */
function isComplete({ metadata, spec, status = {} }: Deployment): boolean {
  const wanted = spec.replicas ?? 1;
  return (
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status.updatedReplicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted
  );
}

function troublesOf(view: NamespaceView, deployment: Deployment, process: string): RolloutTrouble[] {
  if ((deployment.status?.observedGeneration ?? 0) < (deployment.metadata.generation ?? 0)) return [];
  const newest = newestReplicaSet(view.replicaSets, deployment);
  if (newest === undefined) return [];
  const stalled = deployment.status?.conditions?.find(
    ({ type, reason }) => type === "Progressing" && reason === "ProgressDeadlineExceeded",
  );
  return [
    ...view.pods.filter((pod) => isOwnedBy(pod, newest)).flatMap((pod) => troubleOfPod(pod, process, view.events)),
    ...creationTrouble(newest, process),
    ...(stalled === undefined
      ? []
      : [{ kind: "stalled" as const, process, message: stalled.message ?? "It makes no progress" }]),
  ];
}

function troubleOfPod(pod: Pod, process: string, events: readonly ClusterEvent[]): RolloutTrouble[] {
  const trouble = podTrouble(pod);
  if (trouble === undefined) return [];
  const { name, uid = name } = pod.metadata;
  const said = trouble.kind === "not-ready" ? probeWords(events, uid) : undefined;
  const message = said === undefined ? trouble.message : `${trouble.message} (${said})`;
  return [{ ...trouble, message, process, pod: name, podUid: uid }];
}

/** A pod that could not even be made has no status; its ReplicaSet says why. */
function creationTrouble(set: ReplicaSet, process: string): RolloutTrouble[] {
  const message = creationRefusal(set);
  if (message === undefined) return [];
  return [{ kind: /quota|limit/i.test(message) ? "quota" : "refused", process, message }];
}

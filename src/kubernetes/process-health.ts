/** How each process of a deployment is, from its Deployments and pods, in the words of the local target. Pure. */
import type { NamespaceView } from "./namespace-view.ts";
import type { ContainerStatus, Deployment, Pod } from "./objects.ts";
import { endWords, podTrouble, probeWords } from "./pod-trouble.ts";
import { creationRefusal, newestReplicaSet } from "./replica-sets.ts";
import { componentOf, hasEnded, numberPods } from "./replicas.ts";

type Phase = "stopped" | "starting" | "ready" | "unready" | "backoff" | "stopping";

export interface ReplicaHealth {
  replica: number;
  phase: Phase;
  /** ISO 8601. */
  startedAt: string | null;
  restarts: number;
  lastExit: string | null;
  reason: string | null;
}

export interface ProcessHealth {
  name: string;
  wantedReplicas: number;
  replicas: ReplicaHealth[];
  /** False while copies of an earlier definition still run. */
  upToDate: boolean;
}

type View = Pick<NamespaceView, "deployments" | "replicaSets" | "pods" | "events">;

/** All processes by name. Pods of jobs and those that ended for good are no copies of a process. */
export function processHealth(view: View): ProcessHealth[] {
  return [...view.deployments]
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .map((deployment) => {
      const { name } = deployment.metadata;
      const pods = view.pods.filter((pod) => componentOf(pod) === name && !hasEnded(pod));
      const stalled = isStalled(deployment);
      const replicas = numberPods(pods).map(({ replica, pod }) => replicaHealth(replica, pod, { stalled, view }));
      const newest = newestReplicaSet(view.replicaSets, deployment);
      const refused = newest && creationRefusal(newest);
      return {
        name,
        wantedReplicas: deployment.spec.replicas ?? 1,
        // A copy that could not even be made has no pod, and somebody has to say why.
        replicas: refused === undefined ? replicas : [...replicas, unmade(replicas.length, refused)],
        upToDate: isUpToDate(deployment),
      };
    });
}

function replicaHealth(replica: number, pod: Pod, { stalled, view }: { stalled: boolean; view: View }): ReplicaHealth {
  const container = pod.status?.containerStatuses?.[0];
  const ended = container?.state?.terminated ?? container?.lastState?.terminated;
  const phase = phaseOf(pod, container, stalled);
  return {
    replica,
    phase,
    startedAt: container?.state?.running?.startedAt ?? null,
    restarts: container?.restartCount ?? 0,
    lastExit: ended === undefined ? null : endWords(ended),
    reason: reasonOf(pod, phase, view),
  };
}

function phaseOf(pod: Pod, container: ContainerStatus | undefined, stalled: boolean): Phase {
  if (pod.metadata.deletionTimestamp !== undefined) return "stopping";
  const kind = podTrouble(pod)?.kind;
  if (kind === "node-gone" || kind === "unschedulable") return "unready";
  if (container?.state?.running !== undefined) {
    if (container.ready) return "ready";
    return stalled || wasReady(pod, container.state.running.startedAt) ? "unready" : "starting";
  }
  if (container?.state?.terminated !== undefined || container?.state?.waiting?.reason === "CrashLoopBackOff") {
    return "backoff";
  }
  return kind === undefined ? "starting" : "backoff";
}

function reasonOf(pod: Pod, phase: Phase, { events }: View): string | null {
  const trouble = phase === "ready" ? undefined : podTrouble(pod);
  if (trouble === undefined) return null;
  const said = trouble.kind === "not-ready" ? probeWords(events, pod.metadata.uid ?? "") : undefined;
  return said === undefined ? trouble.message : `${trouble.message} (${said})`;
}

/** It stopped being ready after this start: it is not on its way any more. */
function wasReady({ status }: Pod, startedAt: string | undefined): boolean {
  const changed = status?.conditions?.find(({ type }) => type === "Ready")?.lastTransitionTime;
  return changed !== undefined && startedAt !== undefined && Date.parse(changed) > Date.parse(startedAt);
}

const unmade = (replica: number, reason: string): ReplicaHealth => ({
  replica,
  phase: "backoff",
  startedAt: null,
  restarts: 0,
  lastExit: null,
  reason,
});

/** Its pods had the time they may take, and more. */
const isStalled = ({ status }: Deployment): boolean =>
  status?.conditions?.some(({ type, reason }) => type === "Progressing" && reason === "ProgressDeadlineExceeded") ??
  false;

function isUpToDate({ metadata, spec, status = {} }: Deployment): boolean {
  const wanted = spec.replicas ?? 1;
  const seen = (status.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  return seen && (status.updatedReplicas ?? 0) === wanted && (status.replicas ?? 0) === wanted;
}

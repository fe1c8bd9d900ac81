/** Why a pod does not run or is not ready, read from its own status: pure, the same for a rollout and for health. */
import type { ClusterEvent, ContainerStatus, Pod } from "./objects.ts";

export type PodTroubleKind =
  | "image-missing"
  | "cannot-be-made"
  | "crashes"
  | "unschedulable"
  | "evicted"
  | "node-gone"
  | "not-ready";

export interface PodTrouble {
  kind: PodTroubleKind;
  /** One sentence without a full stop's worth of secrets: image names, exit codes, the cluster's own words. */
  message: string;
  /** Whose log says more; undefined where nothing ran yet. */
  container?: string;
  /** True when the container that ended has been started again since: its log is the previous one. */
  previous?: boolean;
  /** Of that container. */
  restarts?: number;
}

const imageReasons = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "RegistryUnavailable",
  "ImageInspectError",
]);
const makingReasons = new Set([
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
  "PreStartHookError",
  "PostStartHookError",
]);

/** One that runs again after so many bad ends counts as crashing until it is ready. */
const CRASHES = 2;

/** What keeps the pod; undefined while it is merely on its way, is ready, or has done its work. */
export function podTrouble(pod: Pod): PodTrouble | undefined {
  const { status } = pod;
  if (status?.phase === "Succeeded" || pod.metadata.deletionTimestamp !== undefined) return undefined;
  const condition = (type: string) => status?.conditions?.find((one) => one.type === type);
  const placed = condition("PodScheduled");
  if (placed?.status === "False" && placed.reason === "Unschedulable") {
    return {
      kind: "unschedulable",
      message: `No node takes the pod: ${placed.message ?? "the scheduler says no more"}`,
    };
  }
  // The kubelet changes both together; Ready alone is taken by the control plane, when the node is not heard of any more.
  if (condition("Ready")?.status === "False" && condition("ContainersReady")?.status === "True") {
    return { kind: "node-gone", message: `The pod's node ${pod.spec?.nodeName ?? ""} does not answer any more` };
  }
  if (status?.phase === "Failed" && status.reason === "Evicted") {
    return { kind: "evicted", message: `The node put the pod out: ${status.message ?? "it was short of something"}` };
  }
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  for (const container of containers) {
    const trouble = containerTrouble(container);
    if (trouble !== undefined) return trouble;
  }
  const waiting = (status?.containerStatuses ?? []).find(({ state, ready }) => state?.running !== undefined && !ready);
  if (waiting === undefined) return undefined;
  return {
    kind: "not-ready",
    message: `'${waiting.name}' runs and does not say that it is ready`,
    container: waiting.name,
    previous: false,
  };
}

function containerTrouble({
  name,
  ready,
  state,
  lastState,
  restartCount,
  image,
}: ContainerStatus): PodTrouble | undefined {
  const reason = state?.waiting?.reason ?? "";
  if (imageReasons.has(reason)) {
    return { kind: "image-missing", message: `The image ${image ?? ""} cannot be pulled (${reason})` };
  }
  if (makingReasons.has(reason)) {
    return {
      kind: "cannot-be-made",
      message: `'${name}' cannot be started (${reason}): ${state?.waiting?.message ?? ""}`,
    };
  }
  const ended = state?.terminated ?? lastState?.terminated;
  const failed = ended !== undefined && ended.exitCode !== 0;
  const isBack = state?.running !== undefined && (ready || restartCount < CRASHES);
  if (!failed || isBack) return undefined;
  return {
    kind: "crashes",
    message: `'${name}' keeps ending (${endWords(ended)}, ${restartCount} restarts)`,
    container: name,
    previous: state?.terminated === undefined,
    restarts: restartCount,
  };
}

/** `exit code 1`, `out of memory`, `signal 9`. */
export function endWords(ended: NonNullable<ContainerStatus["lastState"]>["terminated"]): string {
  if (ended === undefined) return "no exit code";
  if (ended.reason === "OOMKilled") return "out of memory";
  if (ended.signal !== undefined && ended.signal !== 0) return `signal ${ended.signal}`;
  return `exit code ${ended.exitCode}`;
}

/** What the probe last said of the pod. */
export function probeWords(events: readonly ClusterEvent[], podUid: string): string | undefined {
  const said = events.filter(({ reason, involvedObject }) => reason === "Unhealthy" && involvedObject.uid === podUid);
  return said.at(-1)?.message;
}

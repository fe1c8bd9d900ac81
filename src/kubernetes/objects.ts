/** Those parts of the cluster's objects that are read here, as the API server writes them. */

export interface ClusterObject {
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    generation?: number;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    finalizers?: string[];
    ownerReferences?: { kind: string; name: string; uid: string }[];
  };
}

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export interface Namespace extends ClusterObject {
  spec?: { finalizers?: string[] };
  status?: { phase?: string; conditions?: Condition[] };
}

export interface Deployment extends ClusterObject {
  spec: { replicas?: number };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    conditions?: Condition[];
  };
}

export interface ReplicaSet extends ClusterObject {
  spec: { replicas?: number };
  status?: { replicas?: number; conditions?: Condition[] };
}

export interface Job extends ClusterObject {
  spec?: { parallelism?: number };
  status?: { conditions?: Condition[]; succeeded?: number; failed?: number };
}

interface Ended {
  exitCode: number;
  signal?: number;
  reason?: string;
  message?: string;
  finishedAt?: string;
  containerID?: string;
}

export interface ContainerStatus {
  name: string;
  ready: boolean;
  started?: boolean | null;
  restartCount: number;
  image?: string;
  containerID?: string;
  state?: {
    waiting?: { reason?: string; message?: string };
    running?: { startedAt?: string };
    terminated?: Ended;
  };
  lastState?: { terminated?: Ended };
}

export interface Pod extends ClusterObject {
  spec?: { nodeName?: string; containers?: { name: string; image?: string }[] };
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    startTime?: string;
    conditions?: Condition[];
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
  };
}

export interface ClusterEvent extends ClusterObject {
  type?: string;
  reason?: string;
  message?: string;
  count?: number;
  lastTimestamp?: string | null;
  eventTime?: string | null;
  involvedObject: { kind?: string; name?: string; uid?: string };
}

/** A list as the API server gives it. */
export interface ObjectList<Item> {
  metadata: { resourceVersion?: string; continue?: string };
  /** Null in an empty list of metadata. */
  items: Item[] | null;
}

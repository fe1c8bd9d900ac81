/** The record of one asynchronous action: its statuses, its types and what an error in it says. */
import { z } from "zod";

export const operationStatuses = ["queued", "running", "succeeded", "failed", "canceled"] as const;
export const OperationStatus = z.enum(operationStatuses);
export type OperationStatus = z.infer<typeof OperationStatus>;

/** running → queued is the hand-back to the queue with a new generation: a lost worker or a retry. */
export const nextOperationStatuses = {
  queued: ["running", "canceled", "failed"],
  running: ["queued", "succeeded", "failed", "canceled"],
  succeeded: [],
  failed: [],
  canceled: [],
} as const satisfies Record<OperationStatus, readonly OperationStatus[]>;

export const isTerminal = (status: OperationStatus): boolean => nextOperationStatuses[status].length === 0;
export const activeStatuses = operationStatuses.filter((status) => !isTerminal(status));

/**
 * changing: holds the resource's one slot. destroy: at most one, may wait behind a running change.
 * reading: takes no slot and runs beside the others.
 */
export type OperationSlot = "changing" | "destroy" | "reading";

/**
 * Lines of work of a worker. `inLimits`: whether what is in it counts in its organization's limits; `onePerResource`: whether a
 * type of it is active once for a resource at most, whatever its slot.
 */
export const operationLanes = {
  engine: { inLimits: true, onePerResource: false },
  // Nobody's leaving waits behind an update of ten minutes; two syncs of one app would undo each other's work.
  access: { inLimits: false, onePerResource: true },
} as const satisfies Record<string, { inLimits: boolean; onePerResource: boolean }>;
export type OperationLane = keyof typeof operationLanes;

export interface OperationTypeFacts {
  slot: OperationSlot;
  lane: OperationLane;
  /** What the CLI and the log say: "Deploying", "Destroying". */
  doing: string;
  done: string;
}

/** Every operation type there is; one table for the API, the worker and the CLI. */
export const operationTypes = {
  "deployment.create": { slot: "changing", lane: "engine", doing: "Deploying", done: "Deployment ready" },
  "deployment.update": { slot: "changing", lane: "engine", doing: "Updating", done: "Update complete" },
  "deployment.start": { slot: "changing", lane: "engine", doing: "Starting", done: "Started" },
  "deployment.stop": { slot: "changing", lane: "engine", doing: "Stopping", done: "Stopped" },
  "deployment.restart": { slot: "changing", lane: "engine", doing: "Restarting", done: "Restarted" },
  "deployment.scale": { slot: "changing", lane: "engine", doing: "Scaling", done: "Scaled" },
  "deployment.rotate_credentials": {
    slot: "changing",
    lane: "engine",
    doing: "Rotating credentials",
    done: "Credentials rotated",
  },
  "deployment.destroy": { slot: "destroy", lane: "engine", doing: "Destroying", done: "Destruction complete" },
  // Of a cluster that is gone; done in the transaction that asks for it.
  "deployment.abandon": { slot: "destroy", lane: "engine", doing: "Abandoning", done: "Abandoned" },
  "deployment.plan": { slot: "reading", lane: "engine", doing: "Planning", done: "Plan ready" },
  // Looks every resource up, mends what is not as it must be, from an earlier state where one is named.
  "deployment.reconcile": { slot: "changing", lane: "engine", doing: "Reconciling", done: "Reconciled" },
  "dag.sync": { slot: "changing", lane: "engine", doing: "Syncing DAGs", done: "DAGs synced" },
  "access.sync": { slot: "reading", lane: "access", doing: "Syncing access", done: "Access synced" },
  "stack.pulumi": { slot: "changing", lane: "engine", doing: "Running pulumi", done: "pulumi finished" },
} as const satisfies Record<string, OperationTypeFacts>;

/** The types of a lane. */
export const typesInLane = (lane: OperationLane): OperationType[] =>
  OperationType.options.filter((type) => operationTypes[type].lane === lane);

/**
 * The format of specs and operation inputs this version writes and the newest it understands. It rises with a field that
 * an older worker would ignore to the customer's harm; until every worker understands it, such operations wait.
 * 2: customers' secrets in specs and plans are sealed; the spec counts the rotations of its database password.
 */
export const SPEC_FORMAT = 2;

/** What one organization may have under way at once unless the operator says otherwise. */
export const defaultQueueLimits = { running: 32, queued: 1000 } as const;

export type OperationType = keyof typeof operationTypes;
export const OperationType = z.enum(Object.keys(operationTypes) as [OperationType, ...OperationType[]]);

/** The closed set of reasons an operation can fail for (NH-09). */
export const failureCauses = [
  "permission",
  "quota",
  "conflict",
  "timeout",
  "capacity",
  "user_config",
  "provider",
  "platform",
] as const;
export type FailureCause = (typeof failureCauses)[number];

export interface OperationError {
  /** Stable machine word, for example `BOOTSTRAP_FAILED`. */
  code: string;
  /** One or two public sentences without secrets. */
  message: string;
  cause: FailureCause;
  retryable: boolean;
  /** Who must act. */
  owner: "customer" | "operator" | "platform";
  next_step: string;
  phase?: string;
  resource?: { urn: string; type: string };
  /** What a destroy left behind, in the words of its receipt. */
  residue?: { type: string; physical_id: string; found: string; detail: string }[];
  /** The last lines of the process or job that failed. */
  last_log_lines?: string[];
}

/** Which steps an operation goes through, as tables. Every step may run again; a resumed operation starts at its own. */
import type { OperationType } from "../../domain/operation.ts";

export const stepNames = [
  "prepare",
  "restore_point",
  "restore_state",
  "up",
  "wait_ready",
  "hand_over",
  "end_old_sessions",
  "preview",
  "pulumi",
  "sync_access",
  "finalize",
  "revoking_access",
  "removing_db_tenant",
  "tearing_down_infra",
  "receipt",
  "record",
] as const;
export type StepName = (typeof stepNames)[number];

const change = ["prepare", "up", "wait_ready", "finalize"] as const;

const steps = {
  "deployment.create": change,
  "deployment.update": change,
  "deployment.start": change,
  "deployment.stop": change,
  "deployment.restart": change,
  "deployment.scale": change,
  "deployment.rotate_credentials": ["prepare", "hand_over", "up", "wait_ready", "end_old_sessions", "finalize"],
  "deployment.reconcile": ["prepare", "restore_state", "up", "wait_ready", "finalize"],
  "dag.sync": change,
  // Changes nothing, so it has no generation of the stack either: the state's rows are not its to tidy up.
  "deployment.plan": ["prepare", "preview"],
  "stack.pulumi": ["prepare", "pulumi", "finalize"],
  "access.sync": ["sync_access"],
  // ON-46, in its order.
  "deployment.destroy": ["revoking_access", "removing_db_tenant", "tearing_down_infra", "receipt", "record"],
  // No worker has a part in it.
  "deployment.abandon": [],
} as const satisfies Record<OperationType, readonly StepName[]>;

/** A version update stops the app and copies its database before anything changes it. */
const versionUpdate = ["prepare", "restore_point", "up", "wait_ready", "finalize"] as const;

/** The steps in order. */
export function stepsOf(type: OperationType, options: { changesVersion: boolean }): readonly StepName[] {
  return type === "deployment.update" && options.changesVersion ? versionUpdate : steps[type];
}

/** Recorded while going back, so that a worker that takes over goes on going back. */
export const ROLL_BACK_STEP = "roll_back";

/** From this step on an operation cannot be canceled: what it removes cannot be brought back. */
export const irreversibleStep: StepName = "removing_db_tenant";

/** Steps that hold a slot of their lane, which is an engine for all but `sync_access`; the others only wait. */
export const holdsSlot: ReadonlySet<StepName> = new Set([
  "prepare",
  "restore_point",
  "hand_over",
  "restore_state",
  "up",
  "preview",
  "pulumi",
  "sync_access",
  "tearing_down_infra",
]);

/** Where a resumed operation goes on: at the step it was in, but never without `prepare`, which the later ones build on. */
export function resumeAt(all: readonly StepName[], recorded: string | null): StepName[] {
  const index = all.indexOf(recorded as StepName);
  if (index <= 0) return [...all];
  const rest = all.slice(index);
  return all[0] === "prepare" ? ["prepare", ...rest] : rest;
}

/** How long a step may take before it is stopped, milliseconds. Generous: it guards against hanging, not slowness. */
export const stepDeadlineMilliseconds: Readonly<Record<StepName, number>> = {
  prepare: 30 * 60_000,
  restore_point: 60 * 60_000,
  restore_state: 5 * 60_000,
  up: 45 * 60_000,
  wait_ready: 15 * 60_000,
  // One run of the engine, and the wait until every process has gone over.
  hand_over: 60 * 60_000,
  end_old_sessions: 60_000,
  preview: 10 * 60_000,
  pulumi: 60 * 60_000,
  // The first one of a thousand members makes a thousand people in the app.
  sync_access: 30 * 60_000,
  finalize: 5 * 60_000,
  revoking_access: 5 * 60_000,
  removing_db_tenant: 10 * 60_000,
  tearing_down_infra: 30 * 60_000,
  receipt: 5 * 60_000,
  record: 60_000,
};

/** Attempts of an operation whose failures are worth trying again. */
export const MAX_ATTEMPTS = 3;
/** Times it may lose its worker: one that takes its worker down each time must end too. */
export const MAX_LOST_WORKERS = 8;

/** Pause before the next attempt, milliseconds: 2 s, 8 s, 32 s. */
export const retryDelayMilliseconds = (attempt: number): number => 2000 * 4 ** Math.max(0, attempt - 1);

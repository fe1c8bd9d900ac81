/** Runs one claimed operation to its end: its steps in order, and what a failure of one means. */
import { setTimeout as sleep } from "node:timers/promises";
import { type CanceledResources, canceledResult } from "../../domain/canceled-result.ts";
import { failure, lastWord } from "../../domain/failures.ts";
import type { OperationError, OperationType } from "../../domain/operation.ts";
import type { Operation } from "../../store/tables/operations.ts";
import { workerError } from "../errors.ts";
import { type Ending, finishOperation, requeueOperation } from "../operations/finish.ts";
import { removeStaleLocks } from "../recovery/stale-lock.ts";
import { readStackState } from "../recovery/state-reader.ts";
import { mendState } from "../recovery/state-versions.ts";
import { syncAccess } from "./access-step.ts";
import { endOldSessions, finalize, handOver, prepare, restorePoint, rollBack, up, waitReady } from "./change-steps.ts";
import type { Claim } from "./claim.ts";
import { loadContext } from "./context.ts";
import { withDeadline } from "./deadline.ts";
import { proveGone, removeDatabaseTenant, removeRecord, tearDownInfra } from "./destroy-steps.ts";
import { CanceledFirst, type Journal, LeaseLost, openJournal } from "./journal.ts";
import { endSideEffects } from "./late-side-effects.ts";
import { endLeftovers } from "./leftovers.ts";
import { aboutOperation } from "./log-fields.ts";
import { createRun, Interrupted, type OperationRun, type RunPlace, type RunServices } from "./operation-run.ts";
import { traceOperation } from "./operation-trace.ts";
import { plainPulumi } from "./plain-pulumi-step.ts";
import { storeSecretOutputs } from "./program-input.ts";
import { preview } from "./reading-steps.ts";
import { revokeAccess } from "./revoke-step.ts";
import type { RunControl } from "./run-control.ts";
import type { Slots } from "./slots.ts";
import { restoreStateStep } from "./state-step.ts";
import {
  holdsSlot,
  irreversibleStep,
  MAX_ATTEMPTS,
  MAX_LOST_WORKERS,
  ROLL_BACK_STEP,
  resumeAt,
  retryDelayMilliseconds,
  type StepName,
  stepDeadlineMilliseconds,
  stepsOf,
} from "./steps.ts";
import { StepFailure } from "./target-driver.ts";

export interface ExecuteDeps extends RunServices {
  slots: Slots;
  /** How long what an earlier attempt began may take to end by itself. */
  lateSideEffectSeconds: number;
}

const stepFunctions: Readonly<Record<StepName, (run: OperationRun) => Promise<void>>> = {
  prepare,
  restore_point: restorePoint,
  restore_state: restoreStateStep,
  up,
  wait_ready: waitReady,
  hand_over: handOver,
  end_old_sessions: endOldSessions,
  preview,
  pulumi: plainPulumi,
  sync_access: syncAccess,
  finalize,
  revoking_access: revokeAccess,
  removing_db_tenant: removeDatabaseTenant,
  tearing_down_infra: tearDownInfra,
  receipt: proveGone,
  record: removeRecord,
};

/**
 * Runs the operation. The caller holds an engine slot for it; on return it is released, and the operation has ended,
 * waits in the queue again, or belongs to another worker. Never rejects.
 */
export async function executeOperation(services: ExecuteDeps, claim: Claim, control: RunControl): Promise<void> {
  const { operation } = claim;
  const trace = traceOperation(services.tracer, operation);
  const deps = { ...services, trace };
  const slot = slotHolder(deps.slots, control.signals.kill);
  const journal = openJournal(deps.store, operation, claim.lease, {
    onLost: () => control.lose(),
    onTrouble: (error) =>
      deps.log.warn({ ...aboutOperation(operation), error: String(error) }, "Events are written later"),
  });
  let run: OperationRun | undefined;
  try {
    run = await begin(deps, claim, journal, placeOf(control, slot));
    // Its worker was lost while going back. Forward again could copy a half-migrated database over the good copy.
    if (operation.step === ROLL_BACK_STEP)
      throw control.cancelRequested() ? new Interrupted() : new StepFailure(lostGoingBack);
    await runSteps(run, control, slot);
    const { outputs, result, receipt, secretOutputs } = run.results;
    const { inputDigest } = run.context.wanted;
    const facts = { ...(outputs && { outputs }), ...(receipt && { receipt }), ...(inputDigest && { inputDigest }) };
    await end(deps, claim, journal, { status: "succeeded", ...(result && { result }), facts }, (db) =>
      storeSecretOutputs(db, deps.custody, operation, secretOutputs),
    );
  } catch (error) {
    trace.end(error instanceof Error ? error.name : "failed");
    await settleFailure({ deps, claim, control, journal, slot }, run, error).catch((trouble: unknown) => {
      // The lease runs out, and whoever sweeps takes the operation over.
      deps.log.error(
        { ...aboutOperation(operation), error: describe(trouble) },
        "The operation's end could not be written",
      );
    });
  } finally {
    trace.end();
    slot.release();
  }
}

/** Nothing of an earlier attempt may be alive before a new one looks at what it left. */
async function begin(deps: ExecuteDeps, claim: Claim, journal: Journal, place: RunPlace): Promise<OperationRun> {
  const { operation } = claim;
  await endLeftovers(operation.process, operation.id);
  if (operation.slot !== "reading") {
    await endSideEffects(deps, operation, deps.lateSideEffectSeconds);
    await removeStaleLocks(deps.store, operation);
  }
  if (operation.attempt > MAX_LOST_WORKERS) {
    throw new StepFailure(failure("GIVEN_UP"));
  }
  const mended = operation.slot === "reading" ? undefined : await mendState(deps.store, operation);
  if (mended !== undefined) journal.event({ type: "choice", data: { decision: "restore_state", ...mended } });
  const context = await deps.store.asPlatform((db) => loadContext(db, deps.dataKeys, operation));
  return createRun(deps, claim, context, journal, place);
}

async function runSteps(run: OperationRun, control: RunControl, slot: SlotHolder): Promise<void> {
  const { operation, type, changesVersion } = run.context;
  const steps = resumeAt(stepsOf(type, { changesVersion }), operation.step);
  for (const step of steps) {
    if (control.cancelRequested() && operation.irreversible_at === null) throw new Interrupted();
    if (holdsSlot.has(step)) await slot.hold();
    else slot.release();
    await run.journal.step(step, { irreversible: step === irreversibleStep });
    if (step === irreversibleStep) control.makeIrreversible();
    const work = () => withDeadline(stepDeadlineMilliseconds[step], control, () => stepFunctions[step](run));
    await (run.trace ? run.trace.step(step, work) : work());
  }
  await run.journal.flush();
}

interface Failing {
  deps: ExecuteDeps;
  claim: Claim;
  control: RunControl;
  journal: Journal;
  slot: SlotHolder;
}

async function settleFailure(failing: Failing, run: OperationRun | undefined, error: unknown): Promise<void> {
  const { deps, claim, control, journal } = failing;
  const { operation } = claim;
  if (control.lost() || error instanceof LeaseLost) return;
  if (control.draining() && error instanceof Interrupted && !control.cancelRequested()) {
    const drained = failure("WORKER_DRAINED");
    await journal.flush();
    await requeueOperation(deps.store, claim.lease, { error: drained, delayMilliseconds: 0 });
    return;
  }
  const canceled =
    error instanceof Interrupted ||
    error instanceof CanceledFirst ||
    (control.cancelRequested() && !(error instanceof StepFailure));
  const problem = canceled ? undefined : failureOf(error);
  deps.log.warn({ ...aboutOperation(operation), error: describe(error) }, "The operation did not succeed");
  if (problem?.retryable === true && operation.attempt < MAX_ATTEMPTS && !control.cancelRequested()) {
    await journal.flush();
    const delayMilliseconds = retryDelayMilliseconds(operation.attempt);
    await requeueOperation(deps.store, claim.lease, { error: problem, delayMilliseconds });
    return;
  }
  const backFailure = run === undefined ? undefined : await goBack(failing, run);
  if (control.lost()) return;
  const ended: Ending = canceled
    ? { status: "canceled", result: await whatIsLeft(operation, run, backFailure) }
    : {
        status: "failed",
        error: withBackFailure(lastWord(problem ?? failureOf(error), operation.attempt), backFailure),
      };
  await end(deps, claim, journal, ended);
}

/** After its first success a deployment keeps running what it ran, whatever became of the change (TN-3). */
async function goBack({ control, slot, deps }: Failing, run: OperationRun): Promise<OperationError | undefined> {
  try {
    if (run.results.touched && run.context.applied !== undefined) await slot.hold();
    control.renewSignals();
    await rollBack(run);
    return undefined;
  } catch (error) {
    deps.log.error({ ...aboutOperation(run.context.operation), error: describe(error) }, "Going back failed");
    return failureOf(error);
  }
}

/** What a canceled operation leaves, told in its result. */
async function whatIsLeft(
  { type, resource_id: resourceId }: Operation,
  run: OperationRun | undefined,
  backFailure?: OperationError,
) {
  const about = { type: type as OperationType, resourceId };
  const touched =
    run !== undefined && (run.results.touched || type === "stack.pulumi" || type === "deployment.destroy");
  if (!touched || type === "deployment.plan" || type === "access.sync") return canceledResult(about, "untouched");
  const keeps = type === "deployment.create" || type === "deployment.destroy" || type === "stack.pulumi";
  const resources: CanceledResources = keeps ? "kept" : backFailure === undefined ? "rolled_back" : "unclear";
  const state = await readStackState(run.store, resourceId);
  return canceledResult(about, resources, state?.resources.filter(({ custom }) => custom === true).length);
}

function withBackFailure(error: OperationError, backFailure: OperationError | undefined): OperationError {
  if (backFailure === undefined) return error;
  return {
    ...error,
    message: `${error.message} The version that ran before could not be brought back.`,
    owner: "operator",
    // What kept the change kept the way back, too: who mends the one has mended the other.
    ...(backFailure.code !== error.code && {
      next_step: "Repeat the change, or ask the operator to look at the operation's events.",
    }),
  };
}

/** The end is written even while the database comes and goes: work that was done must not be done again. */
async function end(
  deps: ExecuteDeps,
  claim: Claim,
  journal: Journal,
  ending: Ending,
  also?: Parameters<typeof finishOperation>[3],
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await journal.flush();
      await finishOperation(deps.store, claim.lease, ending, also);
      deps.log.info({ ...aboutOperation(claim.operation), status: ending.status }, "Ended");
      return;
    } catch (error) {
      if (error instanceof LeaseLost) return;
      if (attempt >= END_ATTEMPTS) throw error;
      await sleep(END_PAUSE_MILLISECONDS * attempt);
    }
  }
}

const lostGoingBack = failure("CHANGE_FAILED");

const END_ATTEMPTS = 5;
const END_PAUSE_MILLISECONDS = 200;

function failureOf(error: unknown): OperationError {
  if (error instanceof StepFailure) return error.error;
  return workerError(error);
}

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

type SlotHolder = RunPlace["slot"];

/** Going back runs under other signals than the steps did. */
const placeOf = (control: RunControl, slot: SlotHolder): RunPlace => ({
  get signals() {
    return control.signals;
  },
  slot,
});

/** The claim came with a slot; waiting steps give it to others. */
function slotHolder(slots: Slots, gone: AbortSignal): SlotHolder {
  let held = true;
  return {
    async hold() {
      if (held) return;
      await slots.take(gone);
      held = true;
    },
    release() {
      if (!held) return;
      held = false;
      slots.release();
    },
  };
}

/** The steps that bring a revision about: create, update, start, stop, restart, scale, DAG sync. */
import type { TargetContext } from "../../domain/program-input.ts";
import { recoverStack, settleIntents } from "../recovery/recover-stack.ts";
import { pruneStackHistory } from "../recovery/state-rows.ts";
import type { Revision } from "./context.ts";
import type { OperationRun } from "./operation-run.ts";

/** Recorded while going back, so that a worker that takes over goes on going back. */
export const ROLL_BACK_STEP = "roll_back";

/** What must be there before the program runs. */
export async function prepare(run: OperationRun): Promise<void> {
  if (run.phases.current() === "initializing") run.showPhase("initializing");
  const { wanted } = run.context;
  run.results.target = await run.driver.prepare(await run.deploymentContext(wanted), run.io);
}

/** One engine run towards the wanted revision, after whatever an earlier attempt left was found again. */
export async function up(run: OperationRun): Promise<void> {
  await recoverStack(run);
  run.results.touched = true;
  const result = await applyRevision(run, run.context.wanted, run.results.target);
  run.results.outputs = result.outputs;
  run.results.secretOutputs = result.secretOutputs;
  await settleIntents(run);
}

/** Waits outside the engine until the app answers, or is stopped where that is wanted. */
export async function waitReady(run: OperationRun): Promise<void> {
  await run.driver.waitReady(await run.deploymentContext(run.context.wanted), run.io);
}

/** Stops the app and copies its database, so that a failed version update can go back (TN-3). */
export async function restorePoint(run: OperationRun): Promise<void> {
  const { applied } = run.context;
  if (applied === undefined) return;
  await recoverStack(run);
  run.results.touched = true;
  run.io.say("Stopping the application for the version update");
  const stopped: Revision = stoppedRevision(applied);
  await applyRevision(run, stopped);
  const context = await run.deploymentContext(stopped);
  await run.driver.waitReady(context, run.io);
  run.io.say("Copying the database");
  await run.driver.restorePoint(context, run.io);
}

/** The last step: everything stands, what was only kept for a failure may go. */
export async function finalize(run: OperationRun): Promise<void> {
  const { context } = run;
  if (context.changesVersion) await run.driver.dropRestorePoint(await run.deploymentContext(context.wanted));
  await pruneStackHistory(run.store, context.identity.deploymentId, run.claim.lease.generation);
  if (context.type === "deployment.create") run.io.phase("ready");
}

/**
 * Goes back to the revision that ran before (TN-3): data from the restore point, then the old revision.
 * @returns false when there is nothing to go back to
 */
export async function rollBack(run: OperationRun): Promise<boolean> {
  const { applied, changesVersion, operation } = run.context;
  if (applied === undefined || !run.results.touched || operation.type === "deployment.create") return false;
  await run.journal.step(ROLL_BACK_STEP, { irreversible: false });
  run.io.say("Going back to the version that ran before");
  await recoverStack(run);
  if (changesVersion) {
    const stopped = stoppedRevision(applied);
    await applyRevision(run, stopped);
    const context = await run.deploymentContext(stopped);
    await run.driver.waitReady(context, run.io);
    await run.driver.restore(context, run.io);
  }
  await applyRevision(run, applied);
  await run.driver.waitReady(await run.deploymentContext(applied), run.io);
  return true;
}

async function applyRevision(run: OperationRun, revision: Revision, prepared?: TargetContext) {
  const context = await run.deploymentContext(revision);
  const target = prepared ?? (await run.driver.describe(context));
  const revisionName = await run.driver.writeRevision(context, target);
  return run.runEngine({ verb: "up", revision, target, revisionName, mayLose: namedInRequest(run) });
}

/** URNs the request says may be deleted or replaced. */
function namedInRequest({ context }: OperationRun): string[] {
  const named = context.operation.input.may_lose;
  return Array.isArray(named) ? named.filter((urn): urn is string => typeof urn === "string") : [];
}

const stoppedRevision = (revision: Revision): Revision => ({
  ...revision,
  spec: { ...revision.spec, power_state: "stopped" },
});

/** The steps that bring a revision about: create, update, start, stop, restart, scale, DAG sync. */
import type { LoginTurn } from "../../domain/database-logins.ts";
import { type OperationType, operationTypes } from "../../domain/operation.ts";
import type { TargetContext } from "../../domain/program-input.ts";
import { recoverStack, settleIntents } from "../recovery/recover-stack.ts";
import { pruneStackHistory } from "../recovery/state-rows.ts";
import type { Revision } from "./context.ts";
import type { OperationRun } from "./operation-run.ts";
import { ROLL_BACK_STEP } from "./steps.ts";

/** What must be there before the program runs. */
export async function prepare(run: OperationRun): Promise<void> {
  if (run.phases.current() === "initializing") run.showPhase("initializing");
  const { wanted } = run.context;
  const deployment = await run.deploymentContext(wanted);
  await run.untilReachable(deployment);
  run.results.target = await run.driver.prepare(deployment, run.io);
}

/** One engine run towards the wanted revision, after whatever an earlier attempt left was found again. */
export async function up(run: OperationRun): Promise<void> {
  await recoverStack(run);
  run.results.touched = true;
  const result = await applyRevision(run, run.context.wanted, { prepared: run.results.target });
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
  const { applied, changesVersion, type } = run.context;
  if (applied === undefined || !run.results.touched || !goesBack(type)) return false;
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
  if (type === "deployment.rotate_credentials") await applyBeside(run, applied, run.context.wanted);
  await applyRevision(run, applied);
  await run.driver.waitReady(await run.deploymentContext(applied), run.io);
  return true;
}

/** Lets the app go over to its other database login while the old one still works, so that nothing is cut off. */
export async function handOver(run: OperationRun): Promise<void> {
  const { applied, wanted } = run.context;
  if (applied === undefined) return;
  await recoverStack(run);
  run.results.touched = true;
  run.io.say("Handing the application over to its new database login");
  await applyBeside(run, wanted, applied);
  run.io.say("Locking the old database login");
}

/** The old login is locked; whoever still holds a session of it loses it. */
export async function endOldSessions(run: OperationRun): Promise<void> {
  await run.driver.endLockedSessions(await run.deploymentContext(run.context.wanted), run.io);
}

/** Brings a revision about while the login of another one stays as it is. */
async function applyBeside(run: OperationRun, revision: Revision, other: Revision): Promise<void> {
  await applyRevision(run, revision, { keepLogin: other.spec });
  await run.driver.waitReady(await run.deploymentContext(revision), run.io);
}

/**
 * Only a change of what runs has something to go back to. After a failed destroy, bringing the last version up would make
 * anew what was just removed; a plan changes nothing, and an operator's line is the operator's to take back.
 */
const goesBack = (type: OperationType): boolean =>
  operationTypes[type].slot === "changing" && type !== "deployment.create" && type !== "stack.pulumi";

async function applyRevision(
  run: OperationRun,
  revision: Revision,
  { prepared, keepLogin }: { prepared?: TargetContext | undefined; keepLogin?: LoginTurn } = {},
) {
  const context = await run.deploymentContext(revision);
  const target = prepared ?? (await run.driver.describe(context));
  const revisionName = await run.driver.writeRevision(context, target);
  return run.runEngine({ verb: "up", revision, target, revisionName, keepLogin, mayLose: namedInRequest(run) });
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

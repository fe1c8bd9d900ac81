/** The steps of a destroy after its first, in ON-46's order. Each may run again and finishes what an earlier call began. */
import { recoverStack } from "../recovery/recover-stack.ts";
import { readStackState } from "../recovery/state-reader.ts";
import { removeStackState } from "../recovery/state-rows.ts";
import type { OperationRun } from "./operation-run.ts";
import { writeReceipt } from "./receipt.ts";

/** 2: the database goes. From here on the destroy cannot be canceled. */
export async function removeDatabaseTenant(run: OperationRun): Promise<void> {
  run.showPhase("removing_db_tenant");
  await run.driver.removeDatabaseTenant(await run.deploymentContext(run.context.wanted), run.io);
}

/** 3: everything else the stack made. Refreshed first, because the database is gone already. */
export async function tearDownInfra(run: OperationRun): Promise<void> {
  run.showPhase("tearing_down_infra");
  const { wanted, identity } = run.context;
  const state = await readStackState(run.store, identity.deploymentId);
  const context = await run.deploymentContext(wanted);
  if (state === undefined) return;
  const strays = await recoverStack(run);
  const target = await run.driver.describe(context);
  const revisionName = await run.driver.writeRevision(context, target);
  const common = { revision: wanted, target, revisionName, mayLose: "all" as const, protect: false };
  // A destroy removes what the state holds: what a killed create left outside it is taken in first.
  if (strays.length > 0) await run.runEngine({ ...common, verb: "up", targets: strays });
  await run.runEngine({ ...common, verb: "destroy", refresh: true });
}

/**
 * 4: nothing is left (NH-01). What was made and got into no record still carries the deployment's mark, and nothing else does:
 * it goes now, at each attempt.
 * @throws StepFailure when something still stands, or could not be looked up
 */
export async function proveGone(run: OperationRun): Promise<void> {
  await run.driver.removeOwned(await run.deploymentContext(run.context.wanted), run.io);
  await writeReceipt(run);
}

/** 5: the stack's own rows. The deployment's record becomes a tombstone when the operation ends. */
export async function removeRecord(run: OperationRun): Promise<void> {
  const { identity } = run.context;
  if (run.results.receipt === undefined) await writeReceipt(run);
  await run.io.checkLease();
  await run.driver.forget(await run.deploymentContext(run.context.wanted));
  await removeStackState(run.store, identity.deploymentId, run.claim.lease.generation);
  await run.store.asPlatform((db) =>
    db.deleteFrom("create_intents").where("stack_name", "=", identity.deploymentId).execute(),
  );
}

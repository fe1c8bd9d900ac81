/** Step 1 of a destroy: nobody is let in any more, which is proven before anything else goes (ON-46, NH-11). */
import { setTimeout as sleep } from "node:timers/promises";
import { failure } from "../../domain/failures.ts";
import { closeAccess } from "../access/sync-records.ts";
import { requestCancel } from "../operations/cancel.ts";
import type { OperationRun } from "./operation-run.ts";
import { type DeploymentContext, StepFailure } from "./target-driver.ts";

/** A cluster's ingress controller takes moments to hear of it. */
const SHUT_WITHIN_MILLISECONDS = 60_000;
const PAUSE_MILLISECONDS = 200;

/**
 * No route, no session, no login, and a request to the app's public address is denied.
 * @throws StepFailure ACCESS_STILL_OPEN when the app answers there after all
 */
export async function revokeAccess(run: OperationRun): Promise<void> {
  run.showPhase("revoking_access");
  const deployment = await run.deploymentContext(run.context.wanted);
  await endSyncs(run);
  await run.driver.revokeAccess(deployment, run.io);
  await proveShut(run, deployment);
  await run.store.asPlatform((db) => closeAccess(db, run.context.identity.deploymentId));
}

/** What a sync still does inside the app opens nothing: its end need not be waited for. */
async function endSyncs({ store, context }: OperationRun): Promise<void> {
  await store.asPlatform(async (db) => {
    const syncs = await db
      .selectFrom("operations")
      .select("id")
      .where("resource_id", "=", context.identity.deploymentId)
      .where("type", "=", "access.sync")
      .where("status", "in", ["queued", "running"])
      .execute();
    for (const { id } of syncs) await requestCancel(db, id, context.operation.requested_by);
  });
}

async function proveShut({ driver, io }: OperationRun, deployment: DeploymentContext): Promise<void> {
  const deadline = performance.now() + SHUT_WITHIN_MILLISECONDS;
  while (await driver.answersPublicly?.(deployment, io.signal)) {
    if (performance.now() > deadline) throw new StepFailure(failure("ACCESS_STILL_OPEN"));
    await sleep(PAUSE_MILLISECONDS, undefined, { signal: io.signal });
  }
  io.say("Nobody is let in any more");
}

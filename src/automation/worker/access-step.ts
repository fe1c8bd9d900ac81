/** The step that carries members and their roles into an app (ON-17, NH-11). */

import { managedAppRoles } from "../../domain/app-roles.ts";
import { appTypeOf } from "../../domain/deployment-spec.ts";
import { failure } from "../../domain/failures.ts";
import { type AppAccess, AppAccessError } from "../access/app-access.ts";
import { type SyncOutcome, syncApp } from "../access/sync-app.ts";
import { recordSync, startSync } from "../access/sync-records.ts";
import { LeaseLost } from "./journal.ts";
import { Interrupted, type OperationRun } from "./operation-run.ts";
import { StepFailure } from "./target-driver.ts";

/**
 * Brings the app's people to what is wanted, and records what came about, also where it went half-way.
 * @throws StepFailure APP_UNREACHABLE, APP_LOGIN_REFUSED or ACCESS_INCOMPLETE
 */
export async function syncAccess(run: OperationRun): Promise<void> {
  const { store, claim, context, io } = run;
  const appType = appTypeOf(context.identity.appType);
  const start = await store.asPlatform((db) => startSync(db, claim.operation));
  if (start === undefined || appType === undefined) {
    run.results.result = { outcome: "skipped", message: "The app does not run, or is being destroyed." };
    return;
  }
  const outcome = await asked(run, async () => {
    const app = await openApp(run);
    return syncApp(app, start.wanted, { managed: managedAppRoles(appType), say: (message) => io.say(message) });
  });
  const written = await store.asPlatform((db) => recordSync(db, claim, start, outcome));
  if (!written) throw new LeaseLost(claim.operation.id);
  if (outcome.stopped !== undefined) await asked(run, () => Promise.reject(outcome.stopped));
  const refused = outcome.people.find(({ error }) => error !== null);
  if (refused !== undefined) {
    throw new StepFailure(failure("ACCESS_INCOMPLETE", incomplete(outcome, refused.username, refused.error)));
  }
  run.results.result = { outcome: "synced", ...outcome.counts };
}

async function openApp(run: OperationRun): Promise<AppAccess> {
  if (run.openApp === undefined) throw new Error("This worker was not told how apps are reached.");
  return run.openApp(await run.deploymentContext(run.context.applied ?? run.context.wanted), run.io.signal);
}

/** What an app's trouble is to whoever reads the operation. */
async function asked<T>(run: OperationRun, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (run.io.signal.aborted) throw new Interrupted();
    if (!(error instanceof AppAccessError)) throw error;
    const code = error.fault === "login" ? "APP_LOGIN_REFUSED" : "APP_UNREACHABLE";
    throw new StepFailure(failure(code, error.message), { cause: error });
  }
}

function incomplete({ counts }: SyncOutcome, username: string, error: string | null): string {
  const others = counts.refused > 1 ? `, and ${counts.refused - 1} more` : "";
  return `The app did not do what was asked for ${username}${others}: ${error}`;
}

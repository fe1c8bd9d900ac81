/**
 * Before the engine runs again on a stack whose last run was killed (NH-03): each create that was begun and is not in
 * the state is looked up. Ours is taken over by the create itself (our providers converge under their ownership mark),
 * absent is made, foreign stops the operation with a choice. What the killed engine noted as pending is cleared then.
 */
import { sql } from "kysely";
import { failure } from "../../domain/failures.ts";
import type { OperationRun } from "../worker/operation-run.ts";
import { StepFailure } from "../worker/target-driver.ts";
import { readStackState } from "./state-reader.ts";

/**
 * Finds again what a killed attempt left. Costs two queries where nothing was left.
 * @returns URNs of what exists, is ours, is not in the state, and would stay when the rest of the stack goes
 * @throws StepFailure when something foreign or unclear stands under a name the stack needs
 */
export async function recoverStack(run: OperationRun): Promise<string[]> {
  const { store, context, journal } = run;
  const stackName = context.identity.deploymentId;
  const state = await readStackState(store, stackName);
  const inState = new Set(state?.resources.map(({ urn }) => urn));
  const intents = await store.asPlatform((db) =>
    db
      .selectFrom("create_intents")
      .selectAll()
      .where("stack_name", "=", stackName)
      .where("settled_at", "is", null)
      .execute(),
  );
  const lost = intents.filter(({ urn }) => !inState.has(urn));
  const deployment = await run.deploymentContext(context.wanted);
  const takenOver: string[] = [];
  if (lost.length > 0) await run.untilReachable(deployment);
  for (const { urn, type, physical_name: physicalId } of lost) {
    const { found, ours, goesWithAnother, lookedUpBy, detail } = await run.driver.lookUp(deployment, {
      urn,
      type,
      physicalId,
    });
    const decision = found === "absent" ? "create" : found === "present" && ours ? "take_over" : "ask";
    journal.event({ type: "choice", data: { urn, type, physical_name: physicalId, found, ours, decision, detail } });
    if (decision === "take_over" && goesWithAnother !== true) takenOver.push(urn);
    if (decision !== "ask") continue;
    throw new StepFailure(
      failure(
        "UNCLEAR_RESOURCE",
        found === "present"
          ? `${physicalId} exists and is not this deployment's (looked up by ${lookedUpBy}).`
          : `Whether ${physicalId} exists could not be found out (looked up by ${lookedUpBy}).`,
      ),
    );
  }
  if (state !== undefined && state.pending.length > 0) await clearPending(run);
  return takenOver;
}

/** After success everything that was begun is in the state. */
export async function settleIntents({ store, context, claim }: OperationRun): Promise<void> {
  await store.asPlatform((db) =>
    db
      .updateTable("create_intents")
      .set({ settled_at: sql<Date>`now()` })
      .where("stack_name", "=", context.identity.deploymentId)
      .where("generation", "<=", claim.lease.generation)
      .where("settled_at", "is", null)
      .execute(),
  );
}

/** Entries of a killed engine would be carried along for ever; what they stand for was looked up already. */
async function clearPending(run: OperationRun): Promise<void> {
  const revision = run.context.applied ?? run.context.wanted;
  const context = await run.deploymentContext(revision);
  const target = await run.driver.describe(context);
  const revisionName = await run.driver.writeRevision(context, target);
  run.io.say("Finding again what the interrupted attempt left");
  await run.runEngine({ verb: "refresh", revision, target, revisionName, clearPendingCreates: true, mayLose: "all" });
}

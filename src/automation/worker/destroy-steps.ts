/** The steps of a destroy, in ON-46's order. Each may run again and finishes what an earlier call began. */
import { failure } from "../../domain/failures.ts";
import type { ReceiptItem } from "../../store/schema.ts";
import { recoverStack } from "../recovery/recover-stack.ts";
import { readStackState } from "../recovery/state-reader.ts";
import { removeStackState } from "../recovery/state-rows.ts";
import { COMPONENT } from "./journal.ts";
import type { OperationRun } from "./operation-run.ts";
import { type RecordedResource, StepFailure } from "./target-driver.ts";

/** 1: no route, no session, no login. */
export async function revokeAccess(run: OperationRun): Promise<void> {
  run.showPhase("revoking_access");
  await run.driver.revokeAccess(await run.deploymentContext(run.context.wanted), run.io);
}

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
  if (state === undefined) return;
  const strays = await recoverStack(run);
  const context = await run.deploymentContext(wanted);
  const target = await run.driver.describe(context);
  const revisionName = await run.driver.writeRevision(context, target);
  const common = { revision: wanted, target, revisionName, mayLose: "all" as const, protect: false };
  // A destroy removes what the state holds: what a killed create left outside it is taken in first.
  if (strays.length > 0) await run.runEngine({ ...common, verb: "up", targets: strays });
  await run.runEngine({ ...common, verb: "destroy", refresh: true });
}

/** 4: every resource ever recorded is looked up again (NH-01). @throws StepFailure when something still stands */
export async function writeReceipt(run: OperationRun): Promise<void> {
  run.io.say("Looking every resource up again");
  const context = await run.deploymentContext(run.context.wanted);
  const items: ReceiptItem[] = [];
  for (const resource of await recordedResources(run)) {
    const { found, lookedUpBy, detail } = await run.driver.lookUp(context, resource);
    items.push({
      urn: resource.urn,
      type: resource.type,
      physical_id: resource.physicalId,
      found,
      looked_up_by: lookedUpBy,
      detail,
    });
  }
  const standing = items.filter(({ found }) => found === "present");
  if (standing.length > 0) {
    const names = standing.map(({ physical_id: id }) => id).join(", ");
    const residue = standing.map(({ type, physical_id, found, detail }) => ({ type, physical_id, found, detail }));
    throw new StepFailure(failure("DESTROY_INCOMPLETE", `Still there after the destroy: ${names}.`, { residue }));
  }
  run.results.receipt = items;
  run.results.result = { receipt: items };
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

/** What was ever recorded, and what was begun and never got as far as being recorded. */
async function recordedResources({ store, context }: OperationRun): Promise<RecordedResource[]> {
  const stackName = context.identity.deploymentId;
  return store.asPlatform(async (db) => {
    const seen = await db
      .selectFrom("deployment_resources")
      .select(["urn", "type", "physical_id"])
      .where("deployment_id", "=", stackName)
      .where("physical_id", "!=", COMPONENT)
      .orderBy("first_seen_at")
      .execute();
    const begun = await db
      .selectFrom("create_intents")
      .select(["urn", "type", "physical_name"])
      .where("stack_name", "=", stackName)
      .execute();
    const known = new Set(seen.map(({ urn, physical_id: id }) => `${urn} ${id}`));
    return [
      ...seen.map(({ urn, type, physical_id: physicalId }) => ({ urn, type, physicalId })),
      ...begun
        .filter(({ urn, physical_name: name }) => !known.has(`${urn} ${name}`))
        .map(({ urn, type, physical_name: physicalId }) => ({ urn, type, physicalId })),
    ];
  });
}

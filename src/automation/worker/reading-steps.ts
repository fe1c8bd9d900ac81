/** The step that changes nothing: a plan. */
import { dataLossSteps, isStateful } from "../../domain/stateful-types.ts";
import type { ResourceEvent } from "../events.ts";
import { COMPONENT } from "./journal.ts";
import type { OperationRun } from "./operation-run.ts";

/** What an update or a destroy would do, property by property, without doing it. */
export async function preview(run: OperationRun): Promise<void> {
  const { context } = run;
  const planned: ResourceEvent[] = [];
  if (context.operation.input.destroy === true) {
    run.results.result = await destroyPlan(run);
    return;
  }
  const deployment = await run.deploymentContext(context.wanted);
  const target = await run.driver.describe(deployment);
  const result = await run.runEngine({
    verb: "preview",
    revision: context.wanted,
    target,
    // The revision file is written by the operation that applies it; a plan leaves no trace on the node.
    revisionName: `plan-${context.operation.id}`,
    mayLose: "all",
    onEvent: (event) => {
      if (event.kind === "resource" && event.planned && event.state === "started") planned.push(event);
    },
  });
  const changes = planned.map(({ action, urn, type, name, replaceKeys, diffKeys }) => ({
    op: action === "read" ? "same" : action,
    urn,
    type,
    name,
    replace_keys: replaceKeys,
    diff_keys: diffKeys,
    stateful: isStateful(type),
  }));
  run.results.result = { changes, summary: result.changes, data_loss: dataLossSteps(planned) };
}

/** Everything the stack holds goes; nothing needs to be asked of the engine for that. */
async function destroyPlan({ store, context }: OperationRun): Promise<Record<string, unknown>> {
  const resources = await store.asPlatform((db) =>
    db
      .selectFrom("deployment_resources")
      .select(["urn", "type"])
      .where("deployment_id", "=", context.identity.deploymentId)
      .where("deleted_at", "is", null)
      .where("physical_id", "!=", COMPONENT)
      .execute(),
  );
  const changes = resources.map(({ urn, type }) => ({
    op: "delete",
    urn,
    type,
    name: urn.slice(urn.lastIndexOf("::") + 2),
    replace_keys: [],
    diff_keys: [],
    stateful: isStateful(type),
  }));
  return {
    changes,
    summary: { delete: changes.length },
    data_loss: changes.filter(({ stateful }) => stateful).map(({ urn }) => urn),
  };
}

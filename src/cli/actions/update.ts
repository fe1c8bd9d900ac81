/** `onvera update`: shows what would change, asks, changes, follows. */
import type { Accepted, Deployment, UpdateDeployment } from "../api/contract.ts";
import { usageError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { deploymentId } from "../find-deployment.ts";
import { runOperation } from "../follow/run-operation.ts";
import { argument, type Invocation, isSet, text } from "../invocation.ts";
import { confirm, contextNote, requireTerminal } from "../prompt.ts";
import { changesOf } from "./deployment-changes.ts";
import { planOnce, showPlan } from "./planning.ts";

/** With --plan nothing is changed; with --yes nothing is asked. A new name alone needs neither. */
export async function run(invocation: Invocation): Promise<number> {
  const { io, output } = invocation;
  const api = invocation.api();
  const id = await deploymentId(api, argument(invocation, 0));
  const deployment = await api.call("getDeployment", { path: { deployment_id: id } });
  const changes = await changesOf(invocation, deployment.app_type);
  const name = text(invocation, "name");
  const hasChanges = Object.keys(changes).length > 0;
  if (!hasChanges && name === undefined) {
    throw usageError(
      "There is nothing to change.",
      "Name a change, for example --size medium. See: onvera update --help",
    );
  }
  if (isSet(invocation, "plan")) {
    if (!hasChanges) throw usageError("A new name changes no resource; there is nothing to plan.");
    return showPlan(invocation, await planOnce(invocation, id, { changes }));
  }
  if (hasChanges && !isSet(invocation, "yes")) {
    requireTerminal(io, "An update", "--yes");
    await showPlan(invocation, await planOnce(invocation, id, { changes }));
    if (!(await confirm(io, `${contextNote(invocation)}Apply this to ${id} (${deployment.name})?`))) {
      output.say("Nothing was changed.");
      return exitCodes.ok;
    }
  }
  const body: UpdateDeployment = { ...changes, ...(name === undefined ? {} : { name }) };
  return submit(invocation, id, body);
}

/** Some changes are done at once, others become an operation, and some turn out to change nothing. */
async function submit(invocation: Invocation, id: string, body: UpdateDeployment): Promise<number> {
  const { output } = invocation;
  const answer = await invocation.api().call("updateDeployment", { path: { deployment_id: id }, body });
  if (!isAccepted(answer)) {
    output.data(answer, { names: () => [id], table: () => "" });
    output.line(body.name === undefined ? "Nothing to change: the deployment is as asked." : `Renamed ${id}.`);
    return exitCodes.ok;
  }
  return runOperation(invocation, {
    type: "deployment.update",
    subject: id,
    submit: async () => answer,
    async finish(operation) {
      if (operation.status !== "succeeded") await sayWhatRuns(invocation, id);
      return { value: operation, table: "" };
    },
  });
}

const isAccepted = (answer: Accepted | Deployment): answer is Accepted => "operation_id" in answer;

/** After a change that did not happen people want to know one thing: whether the app still answers (TN-3). */
async function sayWhatRuns({ api, output }: Invocation, id: string): Promise<void> {
  const { health, settings, url } = await api().call("getDeployment", { path: { deployment_id: id } });
  if (health === "healthy") output.say(`  The version before the change keeps running (${settings.version}, ${url}).`);
}

/** `onvera destroy`: asks, destroys, follows. Destroying cannot be undone. */
import type { Deployment } from "../api/contract.ts";
import { CliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { deploymentId } from "../find-deployment.ts";
import { runOperation } from "../follow/run-operation.ts";
import { argument, type Invocation, isSet } from "../invocation.ts";
import { ask, confirm, contextNote, requireTerminal } from "../prompt.ts";

/** Prints the documented lines; a declined question changes nothing and is no failure. */
export async function run(invocation: Invocation): Promise<number> {
  const { io, output } = invocation;
  // What is repeated was confirmed when it was begun.
  const isForced = isSet(invocation, "force") || isSet(invocation, "retry");
  if (!isForced) requireTerminal(io, "Destroying a deployment", "--force");
  const api = invocation.api();
  const id = await deploymentId(api, argument(invocation, 0));
  const deployment = await api.call("getDeployment", { path: { deployment_id: id } });
  if (isSet(invocation, "retry")) requireBegun(deployment, id);
  else if (deployment.protected) await unprotect(invocation, deployment, id);
  else if (!isForced) {
    const question = `${contextNote(invocation)}Are you sure you want to destroy deployment ${id}?`;
    if (!(await confirm(io, question))) {
      output.say("Nothing was destroyed.");
      return exitCodes.ok;
    }
  }
  return runOperation(invocation, {
    type: "deployment.destroy",
    subject: id,
    submit: () => api.call("destroyDeployment", { path: { deployment_id: id } }),
  });
}

/** A retry goes on with a destroy and never begins one. */
function requireBegun({ status }: Deployment, id: string): void {
  if (status === "destroying") return;
  throw new CliError(`Deployment ${id} is ${status}: there is no destroy to go on with.`, {
    exitCode: exitCodes.conflict,
    nextSteps: [status === "destroyed" ? `Its receipt: onvera receipt ${id}` : `Destroy it: onvera destroy ${id}`],
  });
}

/** A protected deployment is unprotected by typing its name, never by a flag. */
async function unprotect(invocation: Invocation, deployment: Deployment, id: string): Promise<void> {
  const { io } = invocation;
  const blocked = (message: string) =>
    new CliError(message, { exitCode: exitCodes.conflict, nextSteps: [`Unprotect it first: onvera unprotect ${id}`] });
  if (isSet(invocation, "force") || !io.canAsk) throw blocked(`Deployment ${id} is protected.`);
  const typed = await ask(
    io,
    `${contextNote(invocation)}Deployment ${id} is protected, and destroying it cannot be undone.\nType its name (${deployment.name}) to go on: `,
  );
  if (typed.trim() !== deployment.name) throw blocked("That is not its name; nothing was destroyed.");
  await invocation.api().call("updateDeployment", {
    path: { deployment_id: id },
    body: { protected: false, confirm_name: typed.trim() },
  });
}

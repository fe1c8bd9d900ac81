/** `onvera destroy`: asks, destroys, follows. Destroying cannot be undone. */
import type { Accepted, Deployment } from "../api/resources.ts";
import { CliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { deploymentId } from "../find-deployment.ts";
import { followToEnd } from "../follow/follow.ts";
import { wordsFor } from "../follow/words.ts";
import { argument, type Invocation, isSet, text } from "../invocation.ts";
import { timeoutSeconds } from "../options.ts";
import { ask, confirm, requireTerminal } from "../prompt.ts";

const TYPE = "deployment.destroy";

/** Prints the documented lines; a declined question changes nothing and is no failure. */
export async function run(invocation: Invocation): Promise<number> {
  const { io, output } = invocation;
  const timeout = timeoutSeconds(text(invocation, "timeout"));
  const isForced = isSet(invocation, "force");
  if (!isForced) requireTerminal(io, "Destroying a deployment", "--force");
  const api = invocation.api();
  const id = await deploymentId(api, argument(invocation, 0));
  const deployment = await api.call<Deployment>("getDeployment", { path: { deployment_id: id } });
  if (deployment.protected) await unprotect(invocation, deployment, id);
  else if (
    !isForced &&
    !(await confirm(io, `${contextNote(invocation)}Are you sure you want to destroy deployment ${id}?`))
  ) {
    output.say("Nothing was destroyed.");
    return exitCodes.ok;
  }
  output.line(wordsFor(TYPE).opening(id));
  const startedAt = io.now();
  const accepted = await api.call<Accepted>("destroyDeployment", { path: { deployment_id: id } });
  output.line(`Operation ID: ${accepted.operation_id}`);
  const names = () => [accepted.operation_id];
  if (!isSet(invocation, "wait")) {
    output.data(accepted, { names, table: () => "" });
    output.say(`Follow it: onvera ops wait ${accepted.operation_id}`);
    return exitCodes.ok;
  }
  const { exitCode, operation } = await followToEnd(invocation, {
    operationId: accepted.operation_id,
    type: TYPE,
    startedAt,
    timeoutSeconds: timeout,
  });
  if (operation === undefined) return exitCode;
  output.data(operation, { names, table: () => "" });
  return exitCode;
}

/** A protected deployment is unprotected by typing its name, never by a flag. */
async function unprotect(invocation: Invocation, deployment: Deployment, id: string): Promise<void> {
  const { io } = invocation;
  const blocked = (message: string) =>
    new CliError(message, { exitCode: exitCodes.conflict, nextSteps: [`Unprotect it first: onvera unprotect ${id}`] });
  if (isSet(invocation, "force") || !io.canAsk) throw blocked(`Deployment ${id} is protected.`);
  const typed = await ask(
    io,
    `${contextNote(invocation)}Deployment ${id} is protected. Destroying it cannot be undone. Type its name (${deployment.name}) to go on: `,
  );
  if (typed.trim() !== deployment.name) throw blocked("That is not its name; nothing was destroyed.");
  await invocation.api().call("updateDeployment", { path: { deployment_id: id }, body: { protected: false } });
}

const contextNote = ({ settings }: Invocation): string =>
  settings.isProduction ? `[production context '${settings.contextName}'] ` : "";

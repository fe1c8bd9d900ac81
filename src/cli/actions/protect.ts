/** `onvera protect` and `onvera unprotect`: whether a deployment may be destroyed. */
import { CliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { deploymentId } from "../find-deployment.ts";
import { argument, type Invocation, text } from "../invocation.ts";
import { ask, contextNote, requireTerminal } from "../prompt.ts";

/** Protecting asks nothing. */
export async function protect(invocation: Invocation): Promise<undefined> {
  const { output } = invocation;
  const api = invocation.api();
  const id = await deploymentId(api, argument(invocation, 0));
  const deployment = await api.call("updateDeployment", { path: { deployment_id: id }, body: { protected: true } });
  output.data(deployment, {
    names: () => [id],
    table: () => `Deployment ${id} is protected: it cannot be destroyed.\n`,
  });
  return undefined;
}

/** Taking the protection away needs the deployment's name, typed or given with --confirm-name. */
export async function unprotect(invocation: Invocation): Promise<undefined> {
  const { io, output } = invocation;
  const given = text(invocation, "confirmName");
  if (given === undefined) requireTerminal(io, "Taking the protection away", '--confirm-name "<its name>"');
  const api = invocation.api();
  const id = await deploymentId(api, argument(invocation, 0));
  const { name } = await api.call("getDeployment", { path: { deployment_id: id } });
  const typed =
    given ??
    (await ask(io, `${contextNote(invocation)}Type the name of deployment ${id} (${name}) to unprotect it: `)).trim();
  if (typed !== name) {
    throw new CliError("That is not its name; it stays protected.", { exitCode: exitCodes.usage });
  }
  const body = { protected: false, confirm_name: typed };
  const deployment = await api.call("updateDeployment", { path: { deployment_id: id }, body });
  output.data(deployment, { names: () => [id], table: () => `Deployment ${id} is no longer protected.\n` });
  return undefined;
}

/** `onvera outputs`: what the deployment's stack gives out, without secrets. */
import { CliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { deploymentId } from "../find-deployment.ts";
import { argument, type Invocation } from "../invocation.ts";
import { fields } from "../output/table.ts";

/** Prints all outputs, or the plain value of one. */
export async function run(invocation: Invocation): Promise<undefined> {
  const api = invocation.api();
  const id = await deploymentId(api, argument(invocation, 0));
  const outputs = await api.call("getDeploymentOutputs", { path: { deployment_id: id } });
  const wanted = invocation.args[1];
  if (wanted === undefined) {
    const names = Object.keys(outputs);
    invocation.output.data(outputs, {
      names: () => names,
      table: () => fields(Object.entries(outputs).map(([name, value]) => [name, plain(value)])),
    });
    if (names.length === 0) invocation.output.say("The stack has no outputs yet.");
    return undefined;
  }
  if (!Object.hasOwn(outputs, wanted)) {
    throw new CliError(`There is no output '${wanted}'.`, {
      exitCode: exitCodes.notFound,
      nextSteps: [`There are: ${Object.keys(outputs).join(", ") || "none yet"}`],
    });
  }
  const value = outputs[wanted];
  invocation.output.data(value, { names: () => [plain(value)], table: () => `${plain(value)}\n` });
  return undefined;
}

const plain = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

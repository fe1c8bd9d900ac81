/** `start` and `stop` mean a deployment when one is named, else this machine's control plane. */
import { exitCodes } from "../exit-codes.ts";
import { type Invocation, isSet } from "../invocation.ts";
import { runVerb } from "./control-plane-verb.ts";
import { actionOn } from "./power.ts";
import { startControlPlane } from "./with-control-plane.ts";

export async function start(invocation: Invocation): Promise<number> {
  if (invocation.args[0] !== undefined) return actionOn("startDeployment").run(invocation);
  if (!isSet(invocation, "background")) return runVerb(invocation, "runStart");
  const { apiUrl, started } = await startControlPlane(invocation);
  const state = { api_url: apiUrl, started };
  invocation.output.data(state, {
    names: () => [apiUrl],
    table: () => `The control plane ${started ? "runs" : "ran already"} at ${apiUrl}\n`,
  });
  return exitCodes.ok;
}

export const stop = (invocation: Invocation): Promise<number> =>
  invocation.args[0] === undefined ? runVerb(invocation, "runStop") : actionOn("stopDeployment").run(invocation);

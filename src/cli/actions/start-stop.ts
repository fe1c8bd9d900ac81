/** `start` and `stop` mean a deployment when one is named, else this machine's control plane. */
import type { Invocation } from "../invocation.ts";
import { runVerb } from "./control-plane-verb.ts";
import { actionOn } from "./power.ts";

export const start = (invocation: Invocation): Promise<number> =>
  invocation.args[0] === undefined ? runVerb(invocation, "runStart") : actionOn("startDeployment").run(invocation);

export const stop = (invocation: Invocation): Promise<number> =>
  invocation.args[0] === undefined ? runVerb(invocation, "runStop") : actionOn("stopDeployment").run(invocation);

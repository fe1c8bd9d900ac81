/** `onvera deploy`: creates a deployment and follows it until it can be used. */
import type { Accepted, Deployment } from "../api/resources.ts";
import { exitCodes } from "../exit-codes.ts";
import { shownId } from "../find-deployment.ts";
import { followToEnd } from "../follow/follow.ts";
import { wordsFor } from "../follow/words.ts";
import { argument, type Invocation, isSet, text } from "../invocation.ts";
import { timeoutSeconds } from "../options.ts";
import { fields } from "../output/table.ts";
import { creationBody } from "./deployment-input.ts";
import { withControlPlane } from "./with-control-plane.ts";

const TYPE = "deployment.create";

/** Creates, prints both ids at once, follows, and ends with where to go. */
export async function run(given: Invocation): Promise<number> {
  const app = argument(given, 0);
  const timeout = timeoutSeconds(text(given, "timeout"));
  const body = await creationBody(given, app);
  const invocation = await withControlPlane(given);
  const { output } = invocation;
  output.line(wordsFor(TYPE).opening(app));
  const startedAt = invocation.io.now();
  const api = invocation.api();
  const accepted = await api.call<Accepted>("createDeployment", { body });
  const id = shownId(accepted.deployment_id);
  output.line(`Deployment ID: ${id}`);
  output.line(`Operation ID: ${accepted.operation_id}`);
  const presentation = { names: () => [id], table: () => "" };
  if (!isSet(invocation, "wait")) {
    output.data(accepted, presentation);
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
  const deployment = await api.call<Deployment>("getDeployment", { path: { deployment_id: id } });
  output.data(
    { ...deployment, operation },
    { names: () => [id], table: () => (exitCode === 0 ? closing(deployment, id) : "") },
  );
  if (exitCode !== 0) output.say(`  → It can be removed: onvera destroy ${id}`);
  return exitCode;
}

const closing = (deployment: Deployment, id: string): string =>
  `\n${fields([
    ["URL", deployment.url],
    ["User", "admin"],
    ["Password", `onvera credentials ${id}`],
  ])}`;

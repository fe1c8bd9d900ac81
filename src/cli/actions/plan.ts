/** `onvera plan`: what an update or a destroy would do, without doing it. */
import { usageError } from "../errors.ts";
import { deploymentId } from "../find-deployment.ts";
import { argument, type Invocation, isSet } from "../invocation.ts";
import { changesOf } from "./deployment-changes.ts";
import { planOnce, showPlan } from "./planning.ts";

/** Without options it plans the deployment as it is: whatever shows up has drifted. */
export async function run(invocation: Invocation): Promise<number> {
  const api = invocation.api();
  const id = await deploymentId(api, argument(invocation, 0));
  const { app_type } = await api.call("getDeployment", { path: { deployment_id: id } });
  const changes = await changesOf(invocation, app_type);
  const destroy = isSet(invocation, "destroy");
  if (destroy && Object.keys(changes).length > 0) throw usageError("--destroy goes with no other change.");
  return showPlan(invocation, await planOnce(invocation, id, destroy ? { destroy } : { changes }));
}

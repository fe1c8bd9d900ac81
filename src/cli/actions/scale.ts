/** `onvera scale`: how many copies of a process run. */
import { deploymentId } from "../find-deployment.ts";
import { runOperation } from "../follow/run-operation.ts";
import { argument, type Invocation } from "../invocation.ts";
import { replicas } from "./deployment-input.ts";

/** Takes one or more `process=n`. */
export async function run(invocation: Invocation): Promise<number> {
  const api = invocation.api();
  const wanted = replicas(invocation.args.slice(1).filter((pair) => pair !== undefined));
  const deployment_id = await deploymentId(api, argument(invocation, 0));
  return runOperation(invocation, {
    type: "deployment.scale",
    subject: deployment_id,
    submit: () => api.call("scaleDeployment", { path: { deployment_id }, body: { replicas: wanted } }),
  });
}

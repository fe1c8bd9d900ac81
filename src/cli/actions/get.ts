/** `onvera get`: one deployment. */
import type { Deployment } from "../api/contract.ts";
import { deploymentId, shownId } from "../find-deployment.ts";
import { argument, type Invocation } from "../invocation.ts";
import { fields } from "../output/table.ts";

/** Prints its facts. */
export async function run(invocation: Invocation): Promise<undefined> {
  const api = invocation.api();
  const id = await deploymentId(api, argument(invocation, 0));
  const deployment = await api.call("getDeployment", { path: { deployment_id: id } });
  invocation.output.data(deployment, { names: () => [shownId(deployment.id)], table: () => describe(deployment) });
  return undefined;
}

const describe = (deployment: Deployment): string =>
  fields([
    ["ID", shownId(deployment.id)],
    ["Name", deployment.name],
    ["App type", deployment.app_type],
    ["Status", deployment.status],
    ["URL", deployment.url],
    ["Environment", deployment.environment_id],
    ["Created at", deployment.created_at],
    ["Operation", deployment.links.operation?.split("/").at(-1)],
  ]);

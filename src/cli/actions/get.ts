/** `onvera get`: one deployment. */
import type { Deployment } from "../api/contract.ts";
import { deploymentId, shownId } from "../find-deployment.ts";
import { argument, type Invocation } from "../invocation.ts";
import { safeText } from "../output/safe-text.ts";
import { fields } from "../output/table.ts";

/** Prints its facts. */
export async function run(invocation: Invocation): Promise<undefined> {
  const api = invocation.api();
  const id = await deploymentId(api, argument(invocation, 0));
  const deployment = await api.call("getDeployment", { path: { deployment_id: id } });
  invocation.output.data(deployment, { names: () => [shownId(deployment.id)], table: () => describe(deployment) });
  return undefined;
}

function describe(deployment: Deployment): string {
  const { settings, conditions, links } = deployment;
  const facts = fields([
    ["ID", shownId(deployment.id)],
    ["Name", deployment.name],
    ["App type", deployment.app_type],
    ["Version", settings?.version],
    ["Size", settings?.size],
    ["Status", deployment.status],
    ["Power", deployment.power_state],
    ["Health", deployment.health],
    ["URL", deployment.url],
    ["Environment", deployment.environment_id],
    ["Organization", deployment.organization_id],
    ["Protected", deployment.protected ? "yes: it cannot be destroyed" : null],
    ["Created at", deployment.created_at],
    ["Destroyed at", deployment.destroyed_at],
    ["Operation", links.operation?.split("/").at(-1)],
  ]);
  const remarks = (conditions ?? [])
    .filter(({ status }) => status === "true")
    .map(({ type, message, since }) => `  ${type}: ${safeText(message)} (since ${since})\n`);
  return remarks.length === 0 ? facts : `${facts}\nConditions:\n${remarks.join("")}`;
}

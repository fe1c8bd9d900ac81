/** `onvera deploy`: creates a deployment and follows it until it can be used. */
import { ADMIN_USER } from "../../domain/app-catalog.ts";
import { shownId } from "../find-deployment.ts";
import { runOperation } from "../follow/run-operation.ts";
import { argument, type Invocation } from "../invocation.ts";
import { fields } from "../output/table.ts";
import { creationBody } from "./deployment-input.ts";
import { withControlPlane } from "./with-control-plane.ts";

/** Creates, prints both ids at once, follows, and ends with where to go. */
export async function run(given: Invocation): Promise<number> {
  const app = argument(given, 0);
  const body = await creationBody(given, app);
  const invocation = await withControlPlane(given);
  const { output } = invocation;
  const api = invocation.api();
  return runOperation(invocation, {
    type: "deployment.create",
    subject: app,
    submit: () => api.call("createDeployment", { body }),
    announce: ({ deployment_id }) => [`Deployment ID: ${shownId(deployment_id)}`],
    name: ({ deployment_id }) => shownId(deployment_id),
    async finish(operation, { deployment_id }) {
      const id = shownId(deployment_id);
      const deployment = await api.call("getDeployment", { path: { deployment_id: id } });
      if (operation.status !== "succeeded") output.say(`  → It can be removed: onvera destroy ${id}`);
      return {
        value: { ...deployment, operation },
        table: operation.status === "succeeded" ? whereToGo(deployment.url, id) : "",
      };
    },
  });
}

const whereToGo = (url: string | null, id: string): string =>
  `\n${fields([
    ["URL", url],
    ["User", ADMIN_USER],
    ["Password", `onvera credentials ${id}`],
  ])}`;

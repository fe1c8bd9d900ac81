/** `onvera credentials`: the app administrator's name and password. Each reading is audited. */
import { deploymentId } from "../find-deployment.ts";
import { argument, type Invocation } from "../invocation.ts";
import { fields } from "../output/table.ts";

/** Prints them; with --quiet the password alone, for a script. */
export async function run(invocation: Invocation): Promise<undefined> {
  const api = invocation.api();
  const id = await deploymentId(api, argument(invocation, 0));
  const credentials = await api.call("getDeploymentCredentials", { path: { deployment_id: id } });
  const { username, password, url } = credentials;
  invocation.output.data(credentials, {
    names: () => [password],
    table: () =>
      fields([
        ["URL", url],
        ["User", username],
        ["Password", password],
      ]),
  });
  return undefined;
}

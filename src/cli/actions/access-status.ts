/** `onvera access status`: who is to be in a deployment's app, and who is. */
import type { Data } from "../api/contract.ts";
import { deploymentId } from "../find-deployment.ts";
import { argument, type Invocation } from "../invocation.ts";
import { fields, table } from "../output/table.ts";

type Access = Data<"getDeploymentAccess">;
type Person = Access["items"][number];

/** Prints the sync's state and everybody in it. */
export async function run(invocation: Invocation): Promise<undefined> {
  const api = invocation.api();
  const id = await deploymentId(api, argument(invocation, 0));
  const access = await api.call("getDeploymentAccess", { path: { deployment_id: id } });
  invocation.output.data(access, {
    names: () => access.items.map(({ email }) => email),
    table: (hasColor) => `${fields(facts(access))}\n${table(columns, access.items, hasColor)}`,
  });
  return undefined;
}

const facts = (access: Access): (readonly [string, string | null])[] => [
  ["Deployment", access.deployment_id],
  ["State", access.state],
  ["Checked at", access.checked_at ?? "never"],
  ["Next sync", access.next_sync_at ?? "-"],
  ...(access.error === null ? [] : [["Error", `${access.error.code}: ${access.error.message}`] as const]),
  ...(access.operation_id === null ? [] : [["Operation", access.operation_id] as const]),
];

const columns = [
  { title: "EMAIL", value: ({ email }: Person) => email },
  { title: "WANTED", value: ({ wanted_role: role }: Person) => role ?? "-" },
  { title: "ACTUAL", value: ({ actual_role: role }: Person) => role ?? "-" },
  { title: "STATE", value: ({ state }: Person) => state },
  { title: "SINCE", value: ({ since }: Person) => since ?? "-" },
  { title: "ERROR", value: ({ error }: Person) => error ?? "" },
];

/** `onvera environments`: where deployments live. */
import type { Environment } from "../api/contract.ts";
import { usageError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { argument, choice, type Invocation, isSet, text } from "../invocation.ts";
import { showList, showOne } from "../output/show.ts";
import { confirm, contextNote, requireTerminal } from "../prompt.ts";
import { hostPort } from "./cluster-options.ts";
import { ownPlace, pairs, tolerationText } from "./environment-options.ts";

export async function list(invocation: Invocation): Promise<undefined> {
  showList(invocation, await invocation.api().call("listEnvironments"), {
    columns: [
      { title: "ID", value: ({ id }) => id },
      { title: "NAME", value: ({ name }) => name },
      { title: "SLUG", value: ({ slug }) => slug },
      { title: "ISOLATION", value: ({ isolation_level }) => isolation_level },
      { title: "OWNER", value: ({ owner }) => owner },
      { title: "CLUSTER", value: ({ cluster_id }) => cluster_id },
    ],
    name: ({ id }) => id,
    nothing: "There are no environments.",
  });
  return undefined;
}

export async function get(invocation: Invocation): Promise<undefined> {
  const path = { environment_id: argument(invocation, 0) };
  show(invocation, await invocation.api().call("getEnvironment", { path }));
  return undefined;
}

export async function create(invocation: Invocation): Promise<undefined> {
  const environment = await invocation.api().call("createEnvironment", {
    body: {
      name: argument(invocation, 0),
      slug: text(invocation, "slug"),
      isolation_level: choice<Environment["isolation_level"]>(invocation, "isolation"),
      cluster_id: text(invocation, "cluster"),
      project_id: text(invocation, "project"),
      ...(await ownPlace(invocation)),
    },
  });
  show(invocation, environment);
  return undefined;
}

export async function update(invocation: Invocation): Promise<undefined> {
  const name = text(invocation, "name");
  if (name === undefined) throw usageError("There is nothing to change.", "Give a new name: --name <name>");
  const path = { environment_id: argument(invocation, 0) };
  show(invocation, await invocation.api().call("updateEnvironment", { path, body: { name } }));
  return undefined;
}

export async function remove(invocation: Invocation): Promise<number> {
  const { io, output } = invocation;
  const id = argument(invocation, 0);
  if (!isSet(invocation, "force")) {
    requireTerminal(io, "Deleting an environment", "--force");
    if (!(await confirm(io, `${contextNote(invocation)}Delete environment ${id}?`))) {
      output.say("Nothing was deleted.");
      return exitCodes.ok;
    }
  }
  const environment = await invocation.api().call("deleteEnvironment", { path: { environment_id: id } });
  output.data(environment, { names: () => [id], table: () => `Environment ${id} (${environment.name}) is deleted.\n` });
  return exitCodes.ok;
}

function show(invocation: Invocation, environment: Environment): void {
  showOne(invocation, environment, environment.id, [
    ["ID", environment.id],
    ["Name", environment.name],
    ["Slug", environment.slug],
    ["Isolation", environment.isolation_level],
    ["Owner", environment.owner],
    ["Default", environment.is_default ? "yes" : "no"],
    ["Cluster", environment.cluster_id],
    ["Project", environment.project_id],
    ["Own ingress class", environment.own.ingress_class],
    ["Own storage class", environment.own.storage_class],
    ["Own database", environment.own.database && hostPort(environment.own.database)],
    ["Nodes", pairs(environment.own.node_selector)],
    ["Tolerations", environment.own.tolerations.map(tolerationText).join(", ") || null],
    ["Created at", environment.created_at],
  ]);
}

/** `onvera organizations` and `onvera projects`. */
import type { Organization } from "../api/contract.ts";
import { usageError } from "../errors.ts";
import { argument, type Invocation, isSet, text } from "../invocation.ts";
import { showList, showOne } from "../output/show.ts";
import { readSecret } from "../prompt.ts";

export async function list(invocation: Invocation): Promise<undefined> {
  showList(invocation, await invocation.api().call("listOrganizations"), {
    columns: [
      { title: "ID", value: ({ id }) => id },
      { title: "NAME", value: ({ name }) => name },
      { title: "SLUG", value: ({ slug }) => slug },
      { title: "YOUR ROLE", value: ({ role }) => role ?? "" },
    ],
    name: ({ id }) => id,
    nothing: "You are in no organization.",
  });
  return undefined;
}

export async function get(invocation: Invocation): Promise<undefined> {
  const path = { organization_id: argument(invocation, 0) };
  show(invocation, await invocation.api().call("getOrganization", { path }));
  return undefined;
}

/** Shows the queue; with a limit given, sets it first. */
export async function queue(invocation: Invocation): Promise<undefined> {
  const path = { organization_id: argument(invocation, 0) };
  const [running_limit, queued_limit] = [limitOption(invocation, "running"), limitOption(invocation, "queued")];
  const isChange = running_limit !== undefined || queued_limit !== undefined;
  const found = isChange
    ? await invocation.api().call("updateOrganizationQueue", { path, body: { running_limit, queued_limit } })
    : await invocation.api().call("getOrganizationQueue", { path });
  showOne(invocation, found, path.organization_id, [
    ["Running", `${found.running} of ${found.running_limit}`],
    ["Queued", `${found.queued} of ${found.queued_limit}`],
    ["Limits", found.is_default ? "the installation's" : "this organization's own"],
  ]);
  return undefined;
}

function limitOption(invocation: Invocation, name: "running" | "queued"): number | null | undefined {
  const given = text(invocation, name);
  if (given === undefined) return undefined;
  if (given === "default") return null;
  const limit = Number(given);
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw usageError(`--${name} is '${given}', which is no number of operations.`, "Give a whole number, or 'default'.");
}

/** The owner's first password comes from a prompt or standard input, never from the command line. */
export async function create(invocation: Invocation): Promise<undefined> {
  const email = text(invocation, "ownerEmail");
  const password =
    email !== undefined && isSet(invocation, "ownerPassword")
      ? await readSecret(invocation.io, `Password for ${email} (at least 12 characters)`)
      : undefined;
  const organization = await invocation.api().call("createOrganization", {
    body: {
      name: argument(invocation, 0),
      slug: text(invocation, "slug"),
      cluster_id: text(invocation, "cluster"),
      ...(email === undefined ? {} : { owner: { email, name: text(invocation, "ownerName"), password } }),
    },
  });
  show(invocation, organization);
  return undefined;
}

export async function projects(invocation: Invocation): Promise<undefined> {
  showList(invocation, await invocation.api().call("listProjects"), {
    columns: [
      { title: "ID", value: ({ id }) => id },
      { title: "NAME", value: ({ name }) => name },
      { title: "SLUG", value: ({ slug }) => slug },
    ],
    name: ({ id }) => id,
    nothing: "There are no projects.",
  });
  return undefined;
}

export async function project(invocation: Invocation): Promise<undefined> {
  const found = await invocation.api().call("getProject", { path: { project_id: argument(invocation, 0) } });
  showOne(invocation, found, found.id, [
    ["ID", found.id],
    ["Name", found.name],
    ["Slug", found.slug],
    ["Created at", found.created_at],
  ]);
  return undefined;
}

function show(invocation: Invocation, organization: Organization): void {
  showOne(invocation, organization, organization.id, [
    ["ID", organization.id],
    ["Name", organization.name],
    ["Slug", organization.slug],
    ["Your role", organization.role],
    ["Created at", organization.created_at],
  ]);
}

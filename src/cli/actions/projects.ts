/** `onvera projects`: made, changed, and the roles given in one. */
import type { Data } from "../api/contract.ts";
import { usageError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { argument, type Invocation, text } from "../invocation.ts";
import { showList, showOne } from "../output/show.ts";
import { memberId, sure } from "./members.ts";

export async function create(invocation: Invocation): Promise<undefined> {
  const body = { name: argument(invocation, 0), slug: text(invocation, "slug") };
  show(invocation, await invocation.api().call("createProject", { body }));
  return undefined;
}

export async function update(invocation: Invocation): Promise<undefined> {
  const name = text(invocation, "name");
  if (name === undefined) throw usageError("There is nothing to change.", "Give --name.");
  const path = { project_id: argument(invocation, 0) };
  show(invocation, await invocation.api().call("updateProject", { path, body: { name } }));
  return undefined;
}

export async function remove(invocation: Invocation): Promise<number> {
  const id = argument(invocation, 0);
  if (!(await sure(invocation, "Deleting a project", `Delete project ${id}?`))) return exitCodes.ok;
  const gone = await invocation.api().call("deleteProject", { path: { project_id: id } });
  invocation.output.data(gone, { names: () => [gone.id], table: () => `Project ${gone.name} is deleted.\n` });
  return exitCodes.ok;
}

export async function listRoles(invocation: Invocation): Promise<undefined> {
  const path = { project_id: argument(invocation, 0) };
  showList(invocation, await invocation.api().call("listProjectRoles", { path }), {
    columns: [
      { title: "ID", value: ({ user_id }) => user_id },
      { title: "EMAIL", value: ({ email }) => email },
      { title: "IN THE PROJECT", value: ({ role }) => role },
      { title: "IN THE ORGANIZATION", value: ({ organization_role }) => organization_role },
      { title: "IN FORCE", value: ({ effective_role }) => effective_role },
    ],
    name: ({ user_id }) => user_id,
    nothing: "Nobody has a role of their own in this project.",
  });
  return undefined;
}

export async function grant(invocation: Invocation): Promise<undefined> {
  const path = await roleAddress(invocation);
  const role = argument(invocation, 2) as Data<"grantProjectRole">["role"];
  showRole(invocation, await invocation.api().call("grantProjectRole", { path, body: { role } }));
  return undefined;
}

export async function revoke(invocation: Invocation): Promise<undefined> {
  const gone = await invocation.api().call("revokeProjectRole", { path: await roleAddress(invocation) });
  invocation.output.data(gone, {
    names: () => [gone.user_id],
    table: () => `${gone.email} has role ${gone.organization_role} again, the organization's.\n`,
  });
  return undefined;
}

const roleAddress = async (invocation: Invocation) => ({
  project_id: argument(invocation, 0),
  user_id: await memberId(invocation, argument(invocation, 1)),
});

function showRole(invocation: Invocation, found: Data<"grantProjectRole">): void {
  showOne(invocation, found, found.user_id, [
    ["Email", found.email],
    ["In the project", found.role],
    ["In the organization", found.organization_role],
    ["In force", found.effective_role],
  ]);
}

function show(invocation: Invocation, project: Data<"createProject">): void {
  showOne(invocation, project, project.id, [
    ["ID", project.id],
    ["Name", project.name],
    ["Slug", project.slug],
    ["Created at", project.created_at],
  ]);
}

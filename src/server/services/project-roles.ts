/** Roles people have in single projects, and which project a resource belongs to. */
import { OnveraError } from "../../domain/errors.ts";
import { kindOfId, parseId } from "../../domain/ids.ts";
import { effectiveRole, type ProjectRole } from "../../domain/membership.ts";
import type { Role } from "../../domain/permissions.ts";
import type { Scoped } from "../../store/database.ts";
import { DEFAULT_ENVIRONMENT } from "../views/deployment-view.ts";

export interface ProjectMember {
  user_id: string;
  email: string;
  name: string;
  organization_role: Role;
  role: ProjectRole;
}

/** The roles given in a project. */
export const listProjectRoles = (db: Scoped, organizationId: string, projectId: string): Promise<ProjectMember[]> =>
  db
    .selectFrom("project_roles as r")
    .innerJoin("users as u", "u.id", "r.user_id")
    .innerJoin("memberships as m", (join) =>
      join.onRef("m.user_id", "=", "r.user_id").onRef("m.organization_id", "=", "r.organization_id"),
    )
    .select(["r.user_id", "u.email", "u.name", "m.role as organization_role", "r.role"])
    .where("r.organization_id", "=", organizationId)
    .where("r.project_id", "=", projectId)
    .orderBy("r.created_at")
    .execute();

/** Gives a member a role in a project. */
export async function putProjectRole(
  db: Scoped,
  binding: { organizationId: string; projectId: string; userId: string; role: ProjectRole },
): Promise<void> {
  const { organizationId, projectId, userId, role } = binding;
  await db
    .insertInto("project_roles")
    .values({ organization_id: organizationId, project_id: projectId, user_id: userId, role })
    .onConflict((conflict) => conflict.columns(["project_id", "user_id"]).doUpdateSet({ role }))
    .execute();
}

/** Takes a role back. @throws OnveraError MEMBER_NOT_FOUND when there is none */
export async function deleteProjectRole(
  db: Scoped,
  { organizationId, projectId, userId }: { organizationId: string; projectId: string; userId: string },
): Promise<void> {
  const gone = await db
    .deleteFrom("project_roles")
    .where("organization_id", "=", organizationId)
    .where("project_id", "=", projectId)
    .where("user_id", "=", userId)
    .executeTakeFirst();
  if (gone.numDeletedRows === 0n) {
    throw new OnveraError("MEMBER_NOT_FOUND", { message: "This person has no role in this project" });
  }
}

/** A person's role in a project; undefined without one. */
export async function projectRoleOf(
  db: Scoped,
  { organizationId, projectId, userId }: { organizationId: string; projectId: string; userId: string },
): Promise<ProjectRole | undefined> {
  const row = await db
    .selectFrom("project_roles")
    .select("role")
    .where("organization_id", "=", organizationId)
    .where("project_id", "=", projectId)
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return row?.role;
}

/**
 * The project a resource belongs to, by the resource's id; undefined when it belongs to none, or is not there.
 * @param id of a deployment, operation, environment or project, `env_default` included
 */
export async function projectOf(db: Scoped, organizationId: string, id: string): Promise<string | undefined> {
  const kind = kindOfId(["project", "environment", "operation", "deployment"], id);
  if (kind === "project") return parseId("project", id);
  if (kind === "environment") return projectOfEnvironment(db, organizationId, id);
  const deploymentId = kind === "operation" ? await resourceOf(db, organizationId, id) : parseId("deployment", id);
  const row = await db
    .selectFrom("deployments as d")
    .innerJoin("environments as e", "e.id", "d.environment_id")
    .select("e.project_id")
    .where("d.organization_id", "=", organizationId)
    .where("d.id", "=", deploymentId ?? "")
    .executeTakeFirst();
  return row?.project_id ?? undefined;
}

/** A project role as the API shows it. */
export const projectRoleView = (member: ProjectMember) => ({
  ...member,
  effective_role: effectiveRole(member.organization_role, member.role),
});

async function projectOfEnvironment(db: Scoped, organizationId: string, id: string): Promise<string | undefined> {
  const row = await db
    .selectFrom("environments")
    .select("project_id")
    .where("organization_id", "=", organizationId)
    .$if(id === DEFAULT_ENVIRONMENT, (query) => query.where("is_default", "=", true))
    .$if(id !== DEFAULT_ENVIRONMENT, (query) => query.where("id", "=", parseId("environment", id) ?? ""))
    .executeTakeFirst();
  return row?.project_id ?? undefined;
}

async function resourceOf(db: Scoped, organizationId: string, id: string): Promise<string | undefined> {
  const row = await db
    .selectFrom("operations")
    .select("resource_id")
    .where("organization_id", "=", organizationId)
    .where("id", "=", parseId("operation", id) ?? "")
    .executeTakeFirst();
  return row?.resource_id;
}

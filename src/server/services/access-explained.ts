/** Says whether a person may do something, and why, by the same judgement that every request goes through. */
import { OnveraError } from "../../domain/errors.ts";
import { kindOfId, parseId } from "../../domain/ids.ts";
import { effectiveRole, type ProjectRole } from "../../domain/membership.ts";
import { judge, type Permission, type PermissionFacts, permissions, type Role } from "../../domain/permissions.ts";
import type { Scoped } from "../../store/database.ts";
import { DEFAULT_ENVIRONMENT } from "../views/deployment-view.ts";
import { projectOf, projectRoleOf } from "./project-roles.ts";

export interface AccessQuestion {
  organizationId: string;
  /** Id or address. */
  user: string;
  action: Permission;
  resource: string | undefined;
}

/** @throws OnveraError MEMBER_NOT_FOUND for a person who is nobody here, or one of the other 404s for the resource */
export async function explainAccess(db: Scoped, question: AccessQuestion) {
  const { organizationId, action } = question;
  const person = await findPerson(db, question);
  const resource = question.resource === undefined ? undefined : await findResource(db, question, question.resource);
  const projectId = resource === undefined ? undefined : await projectOf(db, organizationId, resource);
  const projectRole =
    projectId === undefined ? undefined : await projectRoleOf(db, { organizationId, projectId, userId: person.id });
  const facts: PermissionFacts = permissions[action];
  const grants = { isOperator: person.is_platform_operator, scopes: undefined };
  const byOrganization = judge(action, { ...grants, role: person.role }) === "allowed";
  const allowed =
    byOrganization || judge(action, { ...grants, role: effectiveRole(person.role, projectRole) }) === "allowed";
  return {
    allowed: allowed && person.disabled_at === null,
    action,
    user_id: person.id,
    resource: resource ?? null,
    needed: { scope: facts.scope, role: facts.role },
    organization_role: person.role,
    project_role: projectRole ?? null,
    reason: person.disabled_at
      ? "The account is disabled."
      : reasonFor({
          allowed,
          byOrganization,
          asOperator: facts.orOperator === true && person.is_platform_operator,
          role: person.role,
          projectRole,
          needed: facts.role,
        }),
  };
}

function reasonFor(found: {
  allowed: boolean;
  byOrganization: boolean;
  asOperator: boolean;
  role: Role;
  projectRole: ProjectRole | undefined;
  needed: Role | "operator";
}): string {
  const { allowed, byOrganization, asOperator, role, projectRole, needed } = found;
  if (needed === "operator") {
    return allowed ? "They are the platform operator." : "Only the platform operator may do this, whatever the role.";
  }
  if (asOperator) return "They are the platform operator.";
  if (byOrganization) return `Role ${role} in the organization is enough: ${needed} is needed.`;
  if (allowed) return `Role ${projectRole} in the resource's project is enough: ${needed} is needed.`;
  const also = projectRole === undefined ? "" : `, and ${projectRole} in the project`;
  return `Role ${role} in the organization${also} is not enough: ${needed} is needed.`;
}

async function findPerson(db: Scoped, { organizationId, user }: AccessQuestion) {
  const found = await db
    .selectFrom("memberships as m")
    .innerJoin("users as u", "u.id", "m.user_id")
    .select(["u.id", "u.is_platform_operator", "u.disabled_at", "m.role"])
    .where("m.organization_id", "=", organizationId)
    .where(({ eb, or, fn }) => or([eb("u.id", "=", user), eb(fn("lower", ["u.email"]), "=", user.toLowerCase())]))
    .executeTakeFirst();
  if (!found) throw new OnveraError("MEMBER_NOT_FOUND");
  return found;
}

/** The resource's id with its prefix, once it is known to be there. */
async function findResource(db: Scoped, { organizationId }: AccessQuestion, id: string): Promise<string> {
  if (id === DEFAULT_ENVIRONMENT) return id;
  const kinds = {
    deployment: { table: "deployments", missing: "DEPLOYMENT_NOT_FOUND" },
    operation: { table: "operations", missing: "OPERATION_NOT_FOUND" },
    environment: { table: "environments", missing: "ENVIRONMENT_NOT_FOUND" },
    project: { table: "projects", missing: "PROJECT_NOT_FOUND" },
  } as const;
  const kind = kindOfId(Object.keys(kinds) as (keyof typeof kinds)[], id) ?? "deployment";
  const { table, missing } = kinds[kind];
  const row = await db
    .selectFrom(table)
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("id", "=", parseId(kind, id) ?? "")
    .executeTakeFirst();
  if (!row) throw new OnveraError(missing);
  return row.id;
}

/** Who may open which deployment, and as what: asked anew at every authorization and every token. */
import { memberAppRole } from "../../domain/app-roles.ts";
import { type AppType, appTypes } from "../../domain/deployment-spec.ts";
import type { Scoped } from "../../store/database.ts";

export interface AppMember {
  userId: string;
  email: string;
  name: string;
  organizationId: string;
  deploymentName: string;
  /** The app's own role. */
  appRole: string;
}

/** The app of a deployment, where it is one of ours. */
export const appTypeOf = (name: string): AppType | undefined => appTypes.find((known) => known === name);

/**
 * The person as a member of the organization a deployment belongs to. Needs a platform transaction.
 * @returns undefined for nobody, a disabled person, no member, a role that may not see the deployment, or a destroyed one
 */
export async function memberAt(
  db: Scoped,
  { userId, deploymentId }: { userId: string; deploymentId: string },
): Promise<AppMember | undefined> {
  const row = await db
    .selectFrom("deployments as d")
    .innerJoin("environments as e", "e.id", "d.environment_id")
    .innerJoin("memberships as m", "m.organization_id", "d.organization_id")
    .innerJoin("users as u", "u.id", "m.user_id")
    .leftJoin("project_roles as p", (join) =>
      join.onRef("p.project_id", "=", "e.project_id").onRef("p.user_id", "=", "m.user_id"),
    )
    .select(["u.id", "u.email", "u.name", "m.role", "p.role as project_role", "d.organization_id", "d.app_type"])
    .select("d.name as deployment_name")
    .where("d.id", "=", deploymentId)
    .where("d.status", "in", ["provisioning", "ready"])
    .where("u.id", "=", userId)
    .where("u.disabled_at", "is", null)
    .executeTakeFirst();
  if (!row) return undefined;
  const appRole = memberAppRole(row.app_type, row.role, row.project_role ?? undefined);
  if (appRole === undefined) return undefined;
  return {
    userId: row.id,
    email: row.email,
    name: row.name,
    organizationId: row.organization_id,
    deploymentName: row.deployment_name,
    appRole,
  };
}

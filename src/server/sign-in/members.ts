/** Who may open which deployment, and as what: asked anew at every authorization and every token. */
import { rolesAtDeployments } from "../../automation/access/app-members.ts";
import { memberAppRole } from "../../domain/app-roles.ts";
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

/**
 * The person as a member of the organization a deployment belongs to. Needs a platform transaction.
 * @returns undefined for nobody, a disabled person, no member, a role that may not see the deployment, or a destroyed one
 */
export async function memberAt(
  db: Scoped,
  { userId, deploymentId }: { userId: string; deploymentId: string },
): Promise<AppMember | undefined> {
  const row = await rolesAtDeployments(db)
    .select(["d.organization_id", "d.name as deployment_name"])
    .where("d.id", "=", deploymentId)
    .where("d.status", "in", ["provisioning", "ready"])
    .where("u.id", "=", userId)
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

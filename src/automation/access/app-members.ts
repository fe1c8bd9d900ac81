/** Who is to be in a deployment's app, and as what: every member who may see it, never a service account. */
import type { WantedPerson } from "../../domain/access-plan.ts";
import { memberAppRole } from "../../domain/app-roles.ts";
import type { Scoped } from "../../store/database.ts";

export interface AppMember extends WantedPerson {
  userId: string;
}

/** Each member (`u`) with both roles at each deployment (`d`) of their organizations; nobody who is disabled. Sees what the transaction's scope sees. */
export const rolesAtDeployments = (db: Scoped) =>
  db
    .selectFrom("deployments as d")
    .innerJoin("environments as e", "e.id", "d.environment_id")
    .innerJoin("memberships as m", "m.organization_id", "d.organization_id")
    .innerJoin("users as u", "u.id", "m.user_id")
    .leftJoin("project_roles as p", (join) =>
      join.onRef("p.project_id", "=", "e.project_id").onRef("p.user_id", "=", "m.user_id"),
    )
    .select(["u.id", "u.email", "u.name", "d.app_type", "m.role", "p.role as project_role"])
    .where("u.disabled_at", "is", null);

/** By address. */
export async function appMembers(db: Scoped, deploymentId: string): Promise<AppMember[]> {
  const rows = await rolesAtDeployments(db)
    .where("d.id", "=", deploymentId)
    .where("u.is_service_account", "=", false)
    .orderBy("u.email")
    .execute();
  return rows.flatMap(({ id, email, name, app_type, role, project_role }) => {
    const appRole = memberAppRole(app_type, role, project_role ?? undefined);
    return appRole === undefined ? [] : [{ userId: id, email, name, role: appRole }];
  });
}

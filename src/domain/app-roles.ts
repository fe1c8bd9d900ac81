/** What a role of Onvera is inside an app: the one table that sign-in and access sync read. */
import type { AppType } from "./deployment-spec.ts";
import { effectiveRole, type ProjectRole } from "./membership.ts";
import { judge, type Role } from "./permissions.ts";

export const appRoles = {
  superset: { owner: "Admin", admin: "Admin", developer: "Alpha", viewer: "Gamma" },
  airflow: { owner: "Admin", admin: "Admin", developer: "Op", viewer: "Viewer" },
} as const satisfies Record<AppType, Record<Role, string>>;

/** A role without permissions, by which an app's people from Onvera are told from those made inside the app. */
export const ONVERA_MARK = "Onvera";

/** How long a process of Airflow's API server goes on believing in a person whom it has looked up. */
export const AIRFLOW_USER_MEMORY_SECONDS = 2;

/**
 * The app's own role of a member, by their role in the organization and, where they have one, in the deployment's project.
 * @returns undefined for whom the app is not open, and for an app without people of its own
 */
export function memberAppRole(appType: string, organizationRole: Role, projectRole?: ProjectRole): string | undefined {
  const role = effectiveRole(organizationRole, projectRole);
  const maySee = judge("deployments.read", { role, isOperator: false, scopes: undefined }) === "allowed";
  return maySee && isListed(appType) ? appRoles[appType][role] : undefined;
}

/** The app's roles that Onvera gives and takes; any other that somebody made inside the app is left alone. */
export const managedAppRoles = (appType: AppType): string[] => [...new Set(Object.values(appRoles[appType]))];

const isListed = (appType: string): appType is AppType => Object.hasOwn(appRoles, appType);

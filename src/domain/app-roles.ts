/** What a role of Onvera is inside an app: the one table that sign-in and access sync read. */
import type { AppType } from "./deployment-spec.ts";
import type { Role } from "./permissions.ts";

export const appRoles = {
  superset: { owner: "Admin", admin: "Admin", developer: "Alpha", viewer: "Gamma" },
  airflow: { owner: "Admin", admin: "Admin", developer: "Op", viewer: "Viewer" },
} as const satisfies Record<AppType, Record<Role, string>>;

/** The role a member has inside an app; undefined for an app without people of its own. */
export function appRoleOf(appType: string, role: Role): string | undefined {
  return isListed(appType) ? appRoles[appType][role] : undefined;
}

/** The app's roles that Onvera gives and takes; any other that somebody made inside the app is left alone. */
export const managedAppRoles = (appType: AppType): string[] => [...new Set(Object.values(appRoles[appType]))];

const isListed = (appType: string): appType is AppType => Object.hasOwn(appRoles, appType);

/** Roles as the pages offer them. */
import { type Role, roles } from "../../../src/domain/permissions.ts";

export type { Role };

export const isRole = (text: string): text is Role => roles.some((role) => role === text);

/** The roles somebody can give: their own and those below, the least first. */
export const rolesUpTo = (role: Role | null): Role[] => (role === null ? [] : roles.slice(0, roles.indexOf(role) + 1));

/** Whether a role says who is in, and in which projects. */
export const isAdmin = (role: Role | null | undefined): boolean => role === "admin" || role === "owner";

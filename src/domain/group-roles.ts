/** From the groups an identity provider tells of to a role in the organization. */
import { type ProjectRole, projectRoles } from "./membership.ts";

/** Ownership is handed on by owners and never given by a provider. */
export interface GroupRole {
  group: string;
  role: ProjectRole;
}

/** The groups within a claim: a list of texts, or one text; whatever else stands there is no group. */
export function groupsOf(claim: unknown): string[] {
  if (typeof claim === "string") return [claim];
  return Array.isArray(claim) ? claim.filter((group): group is string => typeof group === "string") : [];
}

/**
 * The highest role that one of the groups has.
 * @param fallback the role of who is in none of them; null lets nobody in without a group
 */
export function roleByGroups(
  groups: readonly string[],
  mapping: readonly GroupRole[],
  fallback: ProjectRole | null,
): ProjectRole | null {
  const given = mapping.filter(({ group }) => groups.includes(group)).map(({ role }) => role);
  return projectRoles.findLast((role) => given.includes(role)) ?? fallback;
}

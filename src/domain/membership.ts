/** The rules of membership: who may make whom what, and what a role in one project adds. */
import { type Role, reaches } from "./permissions.ts";

/** Roles that can be given in a single project, or to a service account: ownership is of a whole organization and stays with people. */
export const projectRoles = ["viewer", "developer", "admin"] as const;
export type ProjectRole = (typeof projectRoles)[number];

/**
 * Why `actor` may not change a membership from one role to another; undefined when they may.
 * Nobody gives or takes what they do not have themselves, so an admin never makes, changes or removes an owner.
 * @param from the role before, undefined for a new member
 * @param to the role after, undefined for a removal
 */
export function membershipRefusal(
  actor: Role | undefined,
  { from, to }: { from: Role | undefined; to: Role | undefined },
): string | undefined {
  const beyond = [from, to].find((role) => role !== undefined && (actor === undefined || !reaches(actor, role)));
  return beyond === undefined ? undefined : `This needs role ${beyond} or above`;
}

/** The role a member has in a project: the higher of the two. A project role adds and never takes away. */
export function effectiveRole(organizationRole: Role, projectRole: ProjectRole | undefined): Role {
  return projectRole !== undefined && !reaches(organizationRole, projectRole) ? projectRole : organizationRole;
}

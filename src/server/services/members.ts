/** Members of an organization: listed, given another role, removed; ownership handed on. */
import { sql } from "kysely";
import { OnveraError } from "../../domain/errors.ts";
import { parseId } from "../../domain/ids.ts";
import { membershipRefusal } from "../../domain/membership.ts";
import type { Role } from "../../domain/permissions.ts";
import { timestamp } from "../../domain/timestamps.ts";
import type { Scoped } from "../../store/database.ts";
import { API_BASE } from "../openapi.ts";

export interface Member {
  user_id: string;
  email: string;
  name: string;
  role: Role;
  created_at: Date;
}

/** All members, owners first. */
export const listMembers = (db: Scoped, organizationId: string): Promise<Member[]> =>
  membersOf(db, organizationId)
    .orderBy(sql`array_position(ARRAY['owner', 'admin', 'developer', 'viewer'], m.role)`)
    .orderBy("m.created_at")
    .execute();

/** @throws OnveraError MEMBER_NOT_FOUND */
export async function findMember(db: Scoped, organizationId: string, userId: string | undefined): Promise<Member> {
  const found = await membersOf(db, organizationId)
    .where("m.user_id", "=", userId ?? "")
    .executeTakeFirst();
  if (!found) throw new OnveraError("MEMBER_NOT_FOUND");
  return found;
}

/** A member or a service account: whoever can have a role in a project. @throws OnveraError MEMBER_NOT_FOUND */
export async function findRoleHolder(db: Scoped, organizationId: string, id: string): Promise<Member> {
  const found = await holdersOf(db, organizationId)
    .where("m.user_id", "=", parseHolderId(id) ?? "")
    .executeTakeFirst();
  if (!found) throw new OnveraError("MEMBER_NOT_FOUND");
  return found;
}

/** The id of a person or of a service account; undefined for any other text. */
export const parseHolderId = (id: string): string | undefined =>
  parseId("serviceAccount", id.startsWith("sva_") ? id : "") ?? parseId("user", id);

export interface MemberChange {
  organizationId: string;
  userId: string | undefined;
  /** The role of the person who asks. */
  actorRole: Role | undefined;
}

/**
 * Gives a member another role.
 * @returns the member after the change, and the role before
 * @throws OnveraError MEMBER_NOT_FOUND, ACCESS_DENIED or LAST_OWNER
 */
export async function changeRole(db: Scoped, change: MemberChange, to: Role): Promise<{ member: Member; from: Role }> {
  await lockMembers(db, change.organizationId);
  const member = await findMember(db, change.organizationId, change.userId);
  refuseMembership(change.actorRole, { from: member.role, to });
  if (member.role === "owner" && to !== "owner") await keepAnOwner(db, member, change.organizationId);
  await db
    .updateTable("memberships")
    .set({ role: to })
    .where("organization_id", "=", change.organizationId)
    .where("user_id", "=", member.user_id)
    .execute();
  await endOpenStreams(db, change.organizationId, member.user_id);
  return { member: { ...member, role: to }, from: member.role };
}

/**
 * Removes a member, their roles in projects, and the keys they had in this organization.
 * @returns the member that was, and how many keys ended
 * @throws OnveraError MEMBER_NOT_FOUND, ACCESS_DENIED or LAST_OWNER
 */
export async function removeMember(db: Scoped, change: MemberChange): Promise<{ member: Member; revokedKeys: number }> {
  const { organizationId } = change;
  await lockMembers(db, organizationId);
  const member = await findMember(db, organizationId, change.userId);
  refuseMembership(change.actorRole, { from: member.role, to: undefined });
  if (member.role === "owner") await keepAnOwner(db, member, organizationId);
  await endOpenStreams(db, organizationId, member.user_id);
  const revoked = await db
    .updateTable("api_keys")
    .set({ revoked_at: sql`now()` })
    .where("organization_id", "=", organizationId)
    .where("user_id", "=", member.user_id)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  await db
    .deleteFrom("memberships")
    .where("organization_id", "=", organizationId)
    .where("user_id", "=", member.user_id)
    .execute();
  return { member, revokedKeys: Number(revoked.numUpdatedRows) };
}

/**
 * Makes another member the owner and the giver an admin.
 * @throws OnveraError MEMBER_NOT_FOUND, or RESOURCE_CONFLICT when both are the same person
 */
export async function transferOwnership(db: Scoped, change: MemberChange & { giverId: string }): Promise<Member> {
  if (change.userId === change.giverId) {
    throw new OnveraError("RESOURCE_CONFLICT", { message: "Ownership cannot be transferred to oneself" });
  }
  const { member } = await changeRole(db, change, "owner");
  await changeRole(db, { ...change, userId: change.giverId }, "admin");
  return member;
}

/** A member as the API shows them. */
export const memberView = (member: Member) => ({
  user_id: member.user_id,
  email: member.email,
  name: member.name,
  role: member.role,
  joined_at: timestamp(member.created_at),
  links: { self: `${API_BASE}/members/${member.user_id}` },
});

/** @throws OnveraError ACCESS_DENIED when the actor may not change a role so, see `membershipRefusal` */
export function refuseMembership(
  actor: Role | undefined,
  change: { from: Role | undefined; to: Role | undefined },
): void {
  const reason = membershipRefusal(actor, change);
  if (reason !== undefined) throw new OnveraError("ACCESS_DENIED", { message: `Access denied. ${reason}` });
}

/** Two owners who leave at the same moment take turns, so that the second sees the first one gone. */
async function lockMembers(db: Scoped, organizationId: string): Promise<void> {
  await db.selectFrom("organizations").select("id").where("id", "=", organizationId).forUpdate().execute();
}

async function keepAnOwner(db: Scoped, leaving: Member, organizationId: string): Promise<void> {
  const other = await db
    .selectFrom("memberships")
    .select("user_id")
    .where("organization_id", "=", organizationId)
    .where("role", "=", "owner")
    .where("user_id", "<>", leaving.user_id)
    .limit(1)
    .executeTakeFirst();
  if (!other) throw new OnveraError("LAST_OWNER");
}

/** Streams ask again who they belong to when their key or session is named here. */
export async function endOpenStreams(db: Scoped, organizationId: string, userId: string): Promise<void> {
  await sql`SELECT pg_notify('onvera_access', id) FROM (
    SELECT id FROM api_keys WHERE organization_id = ${organizationId} AND user_id = ${userId} AND revoked_at IS NULL
    UNION ALL SELECT id FROM sessions WHERE user_id = ${userId} AND revoked_at IS NULL
  ) AS open`.execute(db);
}

const membersOf = (db: Scoped, organizationId: string) =>
  holdersOf(db, organizationId).where("u.is_service_account", "=", false);

const holdersOf = (db: Scoped, organizationId: string) =>
  db
    .selectFrom("memberships as m")
    .innerJoin("users as u", "u.id", "m.user_id")
    .select(["m.user_id", "u.email", "u.name", "m.role", "m.created_at"])
    .where("m.organization_id", "=", organizationId);

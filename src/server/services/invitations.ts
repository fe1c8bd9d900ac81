/** Invitations: a link that works once, for one address, until it expires. Only the hash of its token is stored. */
import { randomBytes } from "node:crypto";
import { type Selectable, sql } from "kysely";
import { OnveraError } from "../../domain/errors.ts";
import { newId, parseId } from "../../domain/ids.ts";
import type { Role } from "../../domain/permissions.ts";
import { timestamp, timestampOrNull } from "../../domain/timestamps.ts";
import type { Scoped } from "../../store/database.ts";
import type { InvitationsTable } from "../../store/tables/people.ts";
import { API_BASE } from "../openapi.ts";
import { hashToken } from "../tokens.ts";
import { addressOf } from "./users.ts";

export type Invitation = Selectable<InvitationsTable>;

/** With what became of its mail, where one was to be sent. */
export interface ListedInvitation extends Invitation {
  mail_status: "pending" | "sent" | "failed" | null;
  mail_error: string | null;
}

const TOKEN_PREFIX = "onv_inv_";
const DAY_MILLISECONDS = 86_400_000;

export interface NewInvitation {
  organizationId: string;
  email: string;
  role: Role;
  invitedBy: string;
  expiresInDays: number;
  now: Date;
}

/**
 * Invites an address; an open invitation of the same address is replaced.
 * @returns the row, and the token that leaves only with the answer or the mail
 * @throws OnveraError RESOURCE_CONFLICT when the person is a member already
 */
export async function insertInvitation(
  db: Scoped,
  wanted: NewInvitation,
): Promise<{ invitation: Invitation; token: string }> {
  const email = addressOf(wanted.email);
  const member = await db
    .selectFrom("memberships as m")
    .innerJoin("users as u", "u.id", "m.user_id")
    .select("u.id")
    .where("m.organization_id", "=", wanted.organizationId)
    .where((eb) => eb.fn("lower", ["u.email"]), "=", email)
    .executeTakeFirst();
  if (member) throw new OnveraError("RESOURCE_CONFLICT", { message: "This person is a member already" });
  await db
    .updateTable("invitations")
    .set({ revoked_at: wanted.now })
    .where("organization_id", "=", wanted.organizationId)
    .where((eb) => eb.fn("lower", ["email"]), "=", email)
    .where("accepted_at", "is", null)
    .where("revoked_at", "is", null)
    .execute();
  const token = `${TOKEN_PREFIX}${randomBytes(32).toString("base64url")}`;
  const invitation = await db
    .insertInto("invitations")
    .values({
      id: newId("invitation"),
      organization_id: wanted.organizationId,
      email,
      role: wanted.role,
      token_hash: hashToken(token),
      invited_by: wanted.invitedBy,
      expires_at: new Date(wanted.now.getTime() + wanted.expiresInDays * DAY_MILLISECONDS),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return { invitation, token };
}

/** All invitations of an organization, newest first. */
export const listInvitations = (db: Scoped, organizationId: string): Promise<ListedInvitation[]> =>
  withMails(db, organizationId).orderBy("i.created_at", "desc").orderBy("i.id", "desc").limit(500).execute();

/** One that is there, with its mail. */
export const readInvitation = (db: Scoped, organizationId: string, id: string): Promise<ListedInvitation> =>
  withMails(db, organizationId).where("i.id", "=", id).executeTakeFirstOrThrow();

const withMails = (db: Scoped, organizationId: string) =>
  db
    .selectFrom("invitations as i")
    .leftJoin("mails as m", "m.invitation_id", "i.id")
    .selectAll("i")
    .select(["m.status as mail_status", "m.error as mail_error"])
    .where("i.organization_id", "=", organizationId);

/** Withdraws an invitation; withdrawing again changes nothing. @throws OnveraError INVITATION_NOT_FOUND or RESOURCE_CONFLICT */
export async function revokeInvitation(db: Scoped, organizationId: string, id: string): Promise<Invitation> {
  const found = await db
    .selectFrom("invitations")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("id", "=", parseId("invitation", id) ?? "")
    .forUpdate()
    .executeTakeFirst();
  if (!found) throw new OnveraError("INVITATION_NOT_FOUND");
  if (found.accepted_at) throw new OnveraError("RESOURCE_CONFLICT", { message: "The invitation was accepted already" });
  return db
    .updateTable("invitations")
    .set({ revoked_at: sql`COALESCE(revoked_at, now())` })
    .where("id", "=", found.id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** The open invitation behind a token, locked, so that two who come with it take turns. @throws OnveraError INVITATION_NOT_VALID */
export async function openInvitation(db: Scoped, token: string, now: Date): Promise<Invitation> {
  const found = await db
    .selectFrom("invitations")
    .selectAll()
    .where("token_hash", "=", hashToken(token))
    .forUpdate()
    .executeTakeFirst();
  if (!found || found.accepted_at || found.revoked_at || found.expires_at <= now) {
    throw new OnveraError("INVITATION_NOT_VALID");
  }
  return found;
}

/** Uses an invitation up: the person becomes a member. Needs a platform transaction. */
export async function useInvitation(db: Scoped, invitation: Invitation, userId: string): Promise<void> {
  await db
    .updateTable("invitations")
    .set({ accepted_at: sql`now()`, accepted_by: userId })
    .where("id", "=", invitation.id)
    .execute();
  await db
    .insertInto("memberships")
    .values({ organization_id: invitation.organization_id, user_id: userId, role: invitation.role })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** An invitation as the API shows it: never with its token. */
export function invitationView(row: ListedInvitation, now: Date) {
  const over = row.expires_at <= now ? "expired" : "open";
  const status: "open" | "accepted" | "revoked" | "expired" = row.accepted_at
    ? "accepted"
    : row.revoked_at
      ? "revoked"
      : over;
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    status,
    invited_by: row.invited_by,
    created_at: timestamp(row.created_at),
    expires_at: timestamp(row.expires_at),
    accepted_at: timestampOrNull(row.accepted_at),
    mail_status: row.mail_status,
    mail_error: row.mail_error,
    links: { self: `${API_BASE}/invitations/${row.id}` },
  };
}

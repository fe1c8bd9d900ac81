/** Mails that wait in the database: written with what they tell of, sent afterwards by whichever server comes first. */
import { sql } from "kysely";
import { type SealedValue, seal, unseal } from "../../domain/envelope.ts";
import { newId } from "../../domain/ids.ts";
import type { MailText } from "../../domain/invitation-mail.ts";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import { mailPlace } from "../../store/crypto/places.ts";
import type { Scoped } from "../../store/database.ts";

/** Seconds between a try and the next one; after the last one the mail has failed. A day and a half in all. */
export const retryDelaysSeconds = [10, 60, 300, 1800, 2 * 3600, 6 * 3600, 12 * 3600, 16 * 3600] as const;

/** A server that dies while it sends leaves the mail to others after so long. */
const LEASE_SECONDS = 180;

export interface NewMail {
  organizationId: string;
  invitationId: string;
  recipient: string;
  mail: MailText;
}

/** Puts a mail into the outbox; it leaves after the transaction has committed. */
export async function queueMail(db: Scoped, dataKeys: DataKeys, wanted: NewMail): Promise<void> {
  const id = newId("mail");
  const key = await dataKeys.current(db, wanted.organizationId);
  await db
    .insertInto("mails")
    .values({
      id,
      organization_id: wanted.organizationId,
      invitation_id: wanted.invitationId,
      recipient: wanted.recipient,
      sealed: JSON.stringify(seal(key, JSON.stringify(wanted.mail), mailPlace(id))),
    })
    .execute();
}

export interface DueMail {
  id: string;
  recipient: string;
  attempts: number;
  mail: MailText;
}

/** Takes one mail that is due for itself; undefined when there is none. Those whose invitation is over are given up. */
export async function claimMail(db: Scoped, dataKeys: DataKeys): Promise<DueMail | undefined> {
  await sql`
    UPDATE mails SET status = 'failed', sealed = NULL, ended_at = now(), error = 'The invitation is over.'
    FROM invitations i WHERE i.id = mails.invitation_id AND mails.status = 'pending'
      AND (i.revoked_at IS NOT NULL OR i.accepted_at IS NOT NULL OR i.expires_at <= now())`.execute(db);
  const { rows } = await sql<{ id: string; recipient: string; attempts: number; sealed: SealedValue }>`
    UPDATE mails SET attempts = attempts + 1, next_at = now() + make_interval(secs => ${LEASE_SECONDS})
    WHERE id = (SELECT id FROM mails WHERE status = 'pending' AND next_at <= now()
      ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, recipient, attempts, sealed`.execute(db);
  const [due] = rows;
  if (!due) return undefined;
  const key = await dataKeys.byId(db, due.sealed.kid);
  return { ...due, mail: JSON.parse(unseal(key, due.sealed, mailPlace(due.id)).toString("utf8")) as MailText };
}

/** Writes down that a mail was taken by the server. */
export async function mailSent(db: Scoped, { id }: DueMail): Promise<void> {
  await db
    .updateTable("mails")
    .set({ status: "sent", sealed: null, error: null, ended_at: sql<Date>`now()` })
    .where("id", "=", id)
    .execute();
}

/**
 * Writes down why a mail was not taken, and when it is tried again.
 * @param isFinal the server said that it never will (RFC 5321: 5yz)
 */
export async function mailNotSent(
  db: Scoped,
  { id, attempts }: DueMail,
  { error, isFinal, delaysSeconds }: { error: string; isFinal: boolean; delaysSeconds: readonly number[] },
): Promise<void> {
  const delay = isFinal ? undefined : delaysSeconds[attempts - 1];
  await db
    .updateTable("mails")
    .set(
      delay === undefined
        ? { status: "failed", sealed: null, error, ended_at: sql<Date>`now()` }
        : { error, next_at: sql<Date>`now() + make_interval(secs => ${delay})` },
    )
    .where("id", "=", id)
    .execute();
}

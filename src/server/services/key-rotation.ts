/** A new key in the place of another one, which stays valid for a while so that its users can go over. */
import { OnveraError } from "../../domain/errors.ts";
import type { Scoped } from "../../store/database.ts";
import { type ApiKey, insertApiKey, restrictionOf, revokeApiKey } from "./api-keys.ts";

const DAY_MILLISECONDS = 86_400_000;
const LONGEST_OVERLAP_MILLISECONDS = 30 * DAY_MILLISECONDS;

export interface RotationWish {
  /** Until when the key before is good, ISO 8601. */
  valid_until?: string | undefined;
  /** Expiry of the new key, ISO 8601. */
  expires_at?: string | undefined;
}

/**
 * Makes the new key and sets the end of the one before, in one transaction.
 * @param row locked by the caller
 * @throws OnveraError RESOURCE_CONFLICT for a key that is over or was rotated, VALIDATION_ERROR for times that cannot be
 */
export async function rotateApiKey(db: Scoped, row: ApiKey, wanted: RotationWish, now: Date) {
  if (row.revoked_at || (row.expires_at && row.expires_at <= now)) {
    throw new OnveraError("RESOURCE_CONFLICT", { message: "This key is over. Make a new one" });
  }
  if (row.replaced_by !== null) {
    throw new OnveraError("RESOURCE_CONFLICT", { message: `This key was rotated already. Rotate ${row.replaced_by}` });
  }
  const until = endOfOverlap(row, wanted.valid_until, now);
  const made = await insertApiKey(db, {
    organizationId: row.organization_id,
    userId: row.user_id,
    name: row.name,
    scopes: restrictionOf(row),
    expiresAt: expiryOfNext(row, wanted.expires_at, now),
  });
  const before = await db
    .updateTable("api_keys")
    .set({ replaced_by: made.row.id, ...(until > now && { expires_at: until }) })
    .where("id", "=", row.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return { ...made, before: until > now ? before : await revokeApiKey(db, before) };
}

/** The rotation never makes a key live longer than it would have. */
function endOfOverlap(row: ApiKey, wanted: string | undefined, now: Date): Date {
  const until = wanted === undefined ? new Date(now.getTime() + DAY_MILLISECONDS) : new Date(wanted);
  if (until.getTime() - now.getTime() > LONGEST_OVERLAP_MILLISECONDS) {
    throw refused("/valid_until", "The key before stays valid for 30 days at most");
  }
  return row.expires_at && row.expires_at < until ? row.expires_at : until;
}

function expiryOfNext(row: ApiKey, wanted: string | undefined, now: Date): Date | null {
  if (wanted === undefined) {
    return row.expires_at && new Date(now.getTime() + row.expires_at.getTime() - row.created_at.getTime());
  }
  const expiry = new Date(wanted);
  if (expiry <= now) throw refused("/expires_at", "The expiry lies in the past");
  return expiry;
}

const refused = (pointer: string, message: string) =>
  new OnveraError("VALIDATION_ERROR", { message, fields: [{ pointer, message }] });

/** A session nobody holds the tokens of, for tests that only look at it or end it. */
import { randomBytes } from "node:crypto";
import { newId } from "../../src/domain/ids.ts";
import type { Store } from "../../src/store/database.ts";

/** Inserts a session of that person. @returns its id */
export async function addSession(
  store: Store,
  userId: string,
  expiresAt = new Date(Date.now() + 86_400_000),
): Promise<string> {
  const id = newId("session");
  const row = { id, user_id: userId, organization_id: null, refresh_hash: randomBytes(32), expires_at: expiresAt };
  await store.asPlatform((db) => db.insertInto("sessions").values(row).execute());
  return id;
}

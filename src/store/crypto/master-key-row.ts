/** Which master key wraps new data keys: one row that all servers and workers agree on, whatever their key files say. */
import { sql } from "kysely";
import type { Scoped } from "../database.ts";

const ROW = "master_key";
const LOCK = sql`hashtextextended('onvera master key', 0)`;

/** The id of the master key in use; undefined while the keys have never been rotated. */
export async function masterKeyInUse(db: Scoped): Promise<string | undefined> {
  const row = await db.selectFrom("installation").select("value").where("key", "=", ROW).executeTakeFirst();
  return typeof row?.value.id === "string" ? row.value.id : undefined;
}

/** Keeps the master key in use the same until the transaction ends. */
export async function shareMasterKey(db: Scoped): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock_shared(${LOCK})`.execute(db);
}

/** Writes down the master key in use where nothing says which it is. */
export async function keepMasterKey(db: Scoped, id: string): Promise<void> {
  if ((await masterKeyInUse(db)) === undefined) await switchMasterKey(db, id);
}

/**
 * Makes another master key the one in use, after everybody who is wrapping with the one before has ended.
 * @returns false when it was that already
 */
export async function switchMasterKey(db: Scoped, id: string): Promise<boolean> {
  await sql`SELECT pg_advisory_xact_lock(${LOCK})`.execute(db);
  if ((await masterKeyInUse(db)) === id) return false;
  const value = JSON.stringify({ id });
  await db
    .insertInto("installation")
    .values({ key: ROW, value })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ value, updated_at: new Date() }))
    .execute();
  return true;
}

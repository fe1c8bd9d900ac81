/** How often an operation was taken back from a worker that stopped answering: one number of the whole installation. */
import { sql } from "kysely";
import type { Scoped } from "./database.ts";

/** Where it stands in the table `installation`, as `{"count": n}`. */
export const LEASE_LOSSES_KEY = "lease_losses";

/** Adds to the number; zero touches nothing. */
export async function countLeaseLosses(db: Scoped, losses: number): Promise<void> {
  if (losses === 0) return;
  await sql`INSERT INTO installation (key, value) VALUES (${LEASE_LOSSES_KEY}, jsonb_build_object('count', ${losses}::int))
    ON CONFLICT (key) DO UPDATE SET updated_at = now(),
      value = jsonb_build_object('count', (installation.value ->> 'count')::bigint + ${losses}::int)`.execute(db);
}

/** Which cluster it is, whatever it is reached by: another one at the same address is not taken for it. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE onvera.clusters ADD COLUMN identity text`.execute(db);
}

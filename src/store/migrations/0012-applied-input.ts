/** What a deployment's last successful run was made from, so that whether anything differs is known without the engine. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  // Null until the next success: such a deployment is compared by what exists only.
  await sql.raw("ALTER TABLE onvera.deployments ADD COLUMN applied_input text").execute(db);
}

/** Which resources of its stack each one needs, for the graph people see. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE onvera.deployment_resources ADD COLUMN dependencies text[] NOT NULL DEFAULT '{}'`.execute(db);
}

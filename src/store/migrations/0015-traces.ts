/** The trace a request belongs to, with the operation it asked for: taken from its transaction, so that no statement changes. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      "ALTER TABLE onvera.operations ADD COLUMN traceparent text DEFAULT NULLIF(current_setting('onvera.traceparent', true), '')",
    )
    .execute(db);
}

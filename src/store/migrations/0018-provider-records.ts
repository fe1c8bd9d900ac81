/** What Onvera remembers as the OpenID provider of its deployments: sign-ins under way, codes and tokens, each for minutes. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // Neither codes nor tokens stand here: the id is a hash, and what is remembered of them is sealed.
  `CREATE TABLE onvera.provider_records (
    id text PRIMARY KEY,
    kind text NOT NULL,
    sealed jsonb NOT NULL,
    uid text,
    grant_id text,
    consumed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
  )`,
  `CREATE INDEX provider_records_over ON onvera.provider_records (expires_at)`,
  `CREATE INDEX provider_records_of_grant ON onvera.provider_records (grant_id) WHERE grant_id IS NOT NULL`,
  `CREATE INDEX provider_records_by_uid ON onvera.provider_records (uid) WHERE uid IS NOT NULL`,
];

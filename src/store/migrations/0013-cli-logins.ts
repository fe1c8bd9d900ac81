/** Sign-ins of the command line that wait for a person to let them in by the dashboard. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // No key stands here: it is made when the command line, which alone knows the secret, comes for it.
  `CREATE TABLE onvera.cli_logins (
    id text PRIMARY KEY,
    code text NOT NULL,
    client text NOT NULL,
    secret_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'denied', 'used')),
    user_id text REFERENCES onvera.users ON DELETE CASCADE,
    organization_id text REFERENCES onvera.organizations ON DELETE CASCADE,
    -- What the key may do; all that its person may where there are none.
    scopes text[],
    CHECK ((status IN ('approved', 'used')) = (user_id IS NOT NULL AND organization_id IS NOT NULL))
  )`,
  `CREATE INDEX cli_logins_over ON onvera.cli_logins (expires_at)`,
];

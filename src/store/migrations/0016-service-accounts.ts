/** Service accounts: programs with a role of their own, and keys that give way to the next one. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const isAccount = (column: string): string => `starts_with(${column}, 'sva_')`;

const statements = [
  // An account stands among the people, so that roles, keys and the audit log treat it as one; its id tells it apart.
  `ALTER TABLE onvera.users ADD COLUMN is_service_account boolean GENERATED ALWAYS AS (${isAccount("id")}) STORED`,
  `ALTER TABLE onvera.users ADD CONSTRAINT service_accounts_have_no_password
    CHECK (NOT ${isAccount("id")} OR (password_hash IS NULL AND NOT is_platform_operator))`,
  `ALTER TABLE onvera.sessions ADD CONSTRAINT sessions_are_of_people CHECK (NOT ${isAccount("user_id")})`,
  `ALTER TABLE onvera.memberships ADD CONSTRAINT owners_are_people CHECK (role <> 'owner' OR NOT ${isAccount("user_id")})`,
  `CREATE TABLE onvera.service_accounts (
    id text PRIMARY KEY REFERENCES onvera.users CHECK (${isAccount("id")}),
    organization_id text NOT NULL REFERENCES onvera.organizations,
    description text NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
  )`,
  `CREATE INDEX service_accounts_of_organization ON onvera.service_accounts (organization_id, created_at)`,
  `ALTER TABLE onvera.service_accounts ENABLE ROW LEVEL SECURITY`,
  `ALTER TABLE onvera.service_accounts FORCE ROW LEVEL SECURITY`,
  `CREATE POLICY organization_rows ON onvera.service_accounts USING (
    current_setting('onvera.scope', true) = 'platform'
    OR organization_id = current_setting('onvera.organization_id', true)
  )`,
  // Set on a key that was rotated: the one in its place.
  `ALTER TABLE onvera.api_keys ADD COLUMN replaced_by text REFERENCES onvera.api_keys`,
  `CREATE INDEX api_keys_of_user ON onvera.api_keys (user_id)`,
];

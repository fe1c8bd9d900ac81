/** Organizations' own identity providers: settings, who is who there, and sign-ins that are under way. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
  for (const table of tables) await sql.raw(rowLevelSecurity(table)).execute(db);
}

const tables = ["identity_providers", "provider_identities", "provider_sign_ins"] as const;

const rowLevelSecurity = (table: string): string => `
  ALTER TABLE onvera.${table} ENABLE ROW LEVEL SECURITY;
  ALTER TABLE onvera.${table} FORCE ROW LEVEL SECURITY;
  CREATE POLICY organization_rows ON onvera.${table} USING (
    current_setting('onvera.scope', true) = 'platform'
    OR organization_id = current_setting('onvera.organization_id', true)
  );`;

const statements = [
  `CREATE TABLE onvera.identity_providers (
    organization_id text PRIMARY KEY REFERENCES onvera.organizations,
    -- New with each change, so that a sign-in never ends at another provider than it began at.
    version text NOT NULL,
    issuer text NOT NULL,
    client_id text NOT NULL,
    sealed_secret jsonb,
    scopes text[] NOT NULL,
    group_claim text NOT NULL,
    group_roles jsonb NOT NULL,
    default_role text CHECK (default_role IN ('admin', 'developer', 'viewer')),
    just_in_time boolean NOT NULL,
    sso_only boolean NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE TABLE onvera.provider_identities (
    organization_id text NOT NULL REFERENCES onvera.organizations,
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id text NOT NULL REFERENCES onvera.users,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, issuer, subject)
  )`,
  // Nothing here is worth anything: state, nonce and verifier come from a secret that only the browser has.
  `CREATE TABLE onvera.provider_sign_ins (
    id bytea PRIMARY KEY,
    organization_id text NOT NULL REFERENCES onvera.organizations,
    provider_version text NOT NULL,
    redirect_uri text NOT NULL,
    expires_at timestamptz NOT NULL
  )`,
  `CREATE INDEX provider_sign_ins_over ON onvera.provider_sign_ins (expires_at)`,
  // A session that an organization's provider opened is good in that organization and nowhere else.
  `ALTER TABLE onvera.sessions ADD COLUMN confined_to text REFERENCES onvera.organizations`,
  // Beside find_session, which servers of the version before go on using.
  `CREATE FUNCTION onvera.find_session_rights(wanted_session text, wanted_organization text)
  RETURNS TABLE (
    session_id text, expires_at timestamptz, revoked_at timestamptz, user_id text, user_name text, email text,
    is_platform_operator boolean, disabled_at timestamptz, role text, confined_to text, sso_only boolean
  )
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = onvera, pg_temp AS $$
  #variable_conflict use_column
  BEGIN
    PERFORM set_config('onvera.scope', 'platform', true);
    RETURN QUERY SELECT s.id, s.expires_at, s.revoked_at, u.id, u.name, u.email, u.is_platform_operator, u.disabled_at,
      m.role, s.confined_to, COALESCE(p.sso_only, false)
    FROM sessions s
    JOIN users u ON u.id = s.user_id
    LEFT JOIN memberships m ON m.user_id = s.user_id AND m.organization_id = wanted_organization
    LEFT JOIN identity_providers p ON p.organization_id = wanted_organization
    WHERE s.id = wanted_session;
    PERFORM set_config('onvera.scope', '', true);
  END $$`,
  `REVOKE ALL ON FUNCTION onvera.find_session_rights(text, text) FROM PUBLIC`,
];

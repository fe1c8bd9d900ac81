/** Members: invitations, roles in single projects, and the rule that an organization always keeps an owner. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
  for (const table of ["invitations", "project_roles"]) await sql.raw(rowLevelSecurity(table)).execute(db);
}

const rowLevelSecurity = (table: string): string => `
  ALTER TABLE onvera.${table} ENABLE ROW LEVEL SECURITY;
  ALTER TABLE onvera.${table} FORCE ROW LEVEL SECURITY;
  CREATE POLICY organization_rows ON onvera.${table} USING (
    current_setting('onvera.scope', true) = 'platform'
    OR organization_id = current_setting('onvera.organization_id', true)
  );`;

const statements = [
  `CREATE TABLE onvera.invitations (
    id text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES onvera.organizations,
    email text NOT NULL,
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'viewer')),
    -- Only the hash: the token stands in the link and nowhere else.
    token_hash bytea NOT NULL UNIQUE,
    invited_by text NOT NULL REFERENCES onvera.users,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    accepted_by text REFERENCES onvera.users,
    revoked_at timestamptz
  )`,
  `CREATE INDEX invitations_page ON onvera.invitations (organization_id, created_at DESC, id DESC)`,
  // A second invitation of the same person takes the first one's place.
  `CREATE UNIQUE INDEX invitations_one_open ON onvera.invitations (organization_id, lower(email))
    WHERE accepted_at IS NULL AND revoked_at IS NULL`,

  // A role in one project adds to the role in the organization; it never takes anything away.
  `CREATE TABLE onvera.project_roles (
    organization_id text NOT NULL REFERENCES onvera.organizations,
    project_id text NOT NULL REFERENCES onvera.projects ON DELETE CASCADE,
    user_id text NOT NULL,
    role text NOT NULL CHECK (role IN ('admin', 'developer', 'viewer')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, user_id),
    FOREIGN KEY (organization_id, user_id) REFERENCES onvera.memberships ON DELETE CASCADE
  )`,

  // Behind the service's own check: whatever statement comes, at commit an organization with members has an owner.
  `CREATE FUNCTION onvera.require_owner() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE members integer; owners integer;
  BEGIN
    SELECT count(*), count(*) FILTER (WHERE role = 'owner') INTO members, owners
      FROM onvera.memberships WHERE organization_id = OLD.organization_id;
    IF members > 0 AND owners = 0 THEN
      RAISE EXCEPTION 'Organization % needs an owner', OLD.organization_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
  END $$`,
  `CREATE CONSTRAINT TRIGGER require_owner AFTER UPDATE OR DELETE ON onvera.memberships
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.role = 'owner') EXECUTE FUNCTION onvera.require_owner()`,
];

/**
 * Carrying access into the apps: when each deployment's people are to be looked at again, and who is in as what. Whatever
 * statement changes who may be where marks the deployments it concerns, in its own transaction.
 */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
  for (const table of ["access_syncs", "app_people"]) await sql.raw(rowLevelSecurity(table)).execute(db);
  for (const [table, event] of watched) await sql.raw(markAfter(table, event)).execute(db);
}

const watched = [
  ["memberships", "INSERT"],
  ["memberships", "UPDATE"],
  ["memberships", "DELETE"],
  ["project_roles", "INSERT"],
  ["project_roles", "UPDATE"],
  ["project_roles", "DELETE"],
] as const;

const rowLevelSecurity = (table: string): string => `
  ALTER TABLE onvera.${table} ENABLE ROW LEVEL SECURITY;
  ALTER TABLE onvera.${table} FORCE ROW LEVEL SECURITY;
  CREATE POLICY organization_rows ON onvera.${table} USING (
    current_setting('onvera.scope', true) = 'platform'
    OR organization_id = current_setting('onvera.organization_id', true)
  );`;

/** Once per statement, however many rows it has. */
const markAfter = (table: string, event: "INSERT" | "UPDATE" | "DELETE"): string => `
  CREATE TRIGGER mark_access_${event.toLowerCase()} AFTER ${event} ON onvera.${table}
    REFERENCING ${event === "DELETE" ? "OLD" : "NEW"} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION onvera.mark_access_of_${table}()`;

const statements = [
  `CREATE TABLE onvera.access_syncs (
    deployment_id text PRIMARY KEY REFERENCES onvera.deployments,
    organization_id text NOT NULL,
    -- Rises with each change of who may be in; the app is up to date while both are the same.
    wanted_version bigint NOT NULL DEFAULT 1,
    synced_version bigint NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    -- Syncs in a row that did not succeed.
    failures integer NOT NULL DEFAULT 0,
    error_code text,
    error_message text,
    -- When the app's people were last compared with those wanted, all of them.
    checked_at timestamptz,
    -- Set by a destroy, once nobody is let in any more.
    closed_at timestamptz
  )`,
  `CREATE INDEX access_syncs_due ON onvera.access_syncs (due_at) WHERE closed_at IS NULL`,
  `CREATE INDEX access_syncs_of_organization ON onvera.access_syncs (organization_id)`,
  `CREATE TABLE onvera.app_people (
    deployment_id text NOT NULL REFERENCES onvera.deployments,
    organization_id text NOT NULL,
    -- In the app; the person's address.
    username text NOT NULL,
    -- The app's role they were last seen with; null once they may not enter any more.
    role text,
    since timestamptz NOT NULL DEFAULT now(),
    -- Why the app did not do for them what was wanted, last time.
    error text,
    error_at timestamptz,
    PRIMARY KEY (deployment_id, username)
  )`,
  // A sync takes no slot, so that it never waits behind a change; two of the same app would undo each other's work.
  `CREATE UNIQUE INDEX operations_one_access_sync ON onvera.operations (resource_id)
    WHERE type = 'access.sync' AND status IN ('queued', 'running')`,

  // In order of their ids: two changes at the same moment take turns instead of waiting for each other.
  `CREATE FUNCTION onvera.mark_access(organization text, project text) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    WITH concerned AS (
      SELECT deployment_id FROM onvera.access_syncs
      WHERE organization_id = organization AND closed_at IS NULL AND (project IS NULL OR deployment_id IN (
        SELECT deployments.id FROM onvera.deployments JOIN onvera.environments ON environments.id = environment_id
        WHERE environments.project_id = project))
      ORDER BY deployment_id FOR UPDATE
    )
    UPDATE onvera.access_syncs SET wanted_version = wanted_version + 1,
      -- A moment later: what comes in one go is one sync.
      due_at = LEAST(due_at, clock_timestamp() + interval '0.5 seconds')
    FROM concerned WHERE access_syncs.deployment_id = concerned.deployment_id;
    IF FOUND THEN PERFORM pg_notify('onvera_access_sync', ''); END IF;
  END $$`,
  // Service accounts have keys only; no app knows them.
  `CREATE FUNCTION onvera.mark_access_of_memberships() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM onvera.mark_access(organization_id, NULL) FROM (
      SELECT DISTINCT organization_id FROM changed WHERE NOT starts_with(user_id, 'sva_') ORDER BY organization_id
    ) organizations;
    RETURN NULL;
  END $$`,
  `CREATE FUNCTION onvera.mark_access_of_project_roles() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM onvera.mark_access(organization_id, project_id) FROM (
      SELECT DISTINCT organization_id, project_id FROM changed WHERE NOT starts_with(user_id, 'sva_')
      ORDER BY organization_id, project_id
    ) projects;
    RETURN NULL;
  END $$`,
  `CREATE FUNCTION onvera.mark_access_of_user() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM onvera.mark_access(organization_id, NULL) FROM (
      SELECT organization_id FROM onvera.memberships WHERE user_id = NEW.id ORDER BY organization_id
    ) organizations;
    RETURN NULL;
  END $$`,
  `CREATE TRIGGER mark_access_update AFTER UPDATE OF email, name, disabled_at ON onvera.users FOR EACH ROW
    WHEN ((OLD.email, OLD.name, OLD.disabled_at) IS DISTINCT FROM (NEW.email, NEW.name, NEW.disabled_at))
    EXECUTE FUNCTION onvera.mark_access_of_user()`,
];

/**
 * The queue between organizations and between versions: whose turn it is and how much each may have under way, what an
 * operation asks a worker to know, what a worker knows, and who asked it to take nothing more.
 */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // One row per organization from its first moment: claiming locks it, so that turns and limits are exact.
  `CREATE TABLE onvera.organization_queues (
    organization_id text PRIMARY KEY REFERENCES onvera.organizations ON DELETE CASCADE,
    -- When a worker last took an operation of it; who has waited longest is next.
    claimed_at timestamptz,
    running_limit integer CHECK (running_limit > 0),
    queued_limit integer CHECK (queued_limit > 0)
  )`,
  `ALTER TABLE onvera.organization_queues ENABLE ROW LEVEL SECURITY`,
  `ALTER TABLE onvera.organization_queues FORCE ROW LEVEL SECURITY`,
  `CREATE POLICY organization_rows ON onvera.organization_queues USING (
    current_setting('onvera.scope', true) = 'platform'
    OR organization_id = current_setting('onvera.organization_id', true)
  )`,
  `SELECT set_config('onvera.scope', 'platform', true)`,
  `INSERT INTO onvera.organization_queues (organization_id) SELECT id FROM onvera.organizations`,
  `CREATE FUNCTION onvera.open_organization_queue() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO onvera.organization_queues (organization_id) VALUES (NEW.id);
    RETURN NULL;
  END $$`,
  `CREATE TRIGGER open_organization_queue AFTER INSERT ON onvera.organizations
    FOR EACH ROW EXECUTE FUNCTION onvera.open_organization_queue()`,

  // During an upgrade an older worker leaves alone what a newer server asks for.
  `ALTER TABLE onvera.operations ADD COLUMN spec_format integer NOT NULL DEFAULT 1`,
  `ALTER TABLE onvera.workers
    ADD COLUMN spec_format integer NOT NULL DEFAULT 1,
    ADD COLUMN operation_types text[] NOT NULL DEFAULT '{}',
    ADD COLUMN drain_requested_at timestamptz`,

  `DROP INDEX onvera.operations_claim`,
  `CREATE INDEX operations_queued ON onvera.operations (organization_id, requested_at, id) WHERE status = 'queued'`,
  `CREATE INDEX operations_running_of ON onvera.operations (organization_id) WHERE status = 'running'`,
  `CREATE INDEX operations_active ON onvera.operations (resource_id) WHERE status IN ('queued', 'running')`,
];

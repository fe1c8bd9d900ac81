/** Kubernetes clusters: how they are reached, sealed; what the last check found; and what a dedicated environment has of its own. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `ALTER TABLE onvera.clusters
    ADD COLUMN access jsonb,
    ADD COLUMN database_url jsonb,
    ADD COLUMN preflight jsonb,
    ADD COLUMN abandoned_at timestamptz,
    -- Its row stays for the destroyed deployments that name it.
    ADD COLUMN removed_at timestamptz`,
  `CREATE UNIQUE INDEX clusters_one_per_name ON onvera.clusters (COALESCE(organization_id, ''), name)
    WHERE kind = 'kubernetes' AND removed_at IS NULL`,
  // Shared clusters are everybody's to see and the platform's to change; an organization's own are its alone.
  `ALTER TABLE onvera.clusters ENABLE ROW LEVEL SECURITY`,
  `ALTER TABLE onvera.clusters FORCE ROW LEVEL SECURITY`,
  `CREATE POLICY organization_rows ON onvera.clusters USING (
    current_setting('onvera.scope', true) = 'platform'
    OR organization_id = current_setting('onvera.organization_id', true)
  )`,
  `CREATE POLICY shared_rows ON onvera.clusters FOR SELECT USING (organization_id IS NULL)`,
  `ALTER TABLE onvera.environments
    ADD COLUMN database_url jsonb,
    ADD COLUMN settings jsonb NOT NULL DEFAULT '{}'`,
];

/**
 * What deployments used, over time. A row is a block: every sample of a deployment in five minutes (of 15 s) or two hours
 * (of 5 min), as arrays, so that a row's overhead is paid once for many readings.
 */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // Room on each page, so that adding a sample to the newest block stays on its page and touches no index.
  `CREATE TABLE onvera.metric_blocks (
    deployment_id text NOT NULL REFERENCES onvera.deployments,
    organization_id text NOT NULL,
    resolution_seconds smallint NOT NULL,
    starts_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    -- Of each sample, seconds after starts_at.
    offsets smallint[] NOT NULL,
    series text[] NOT NULL,
    -- Sample after sample, each with one reading per series; null where it could not be told.
    readings real[] NOT NULL,
    PRIMARY KEY (deployment_id, resolution_seconds, starts_at)
  ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)`,
  `CREATE INDEX metric_blocks_age ON onvera.metric_blocks (resolution_seconds, starts_at)`,
  `ALTER TABLE onvera.metric_blocks ENABLE ROW LEVEL SECURITY`,
  `ALTER TABLE onvera.metric_blocks FORCE ROW LEVEL SECURITY`,
  `CREATE POLICY organization_rows ON onvera.metric_blocks USING (
    current_setting('onvera.scope', true) = 'platform'
    OR organization_id = current_setting('onvera.organization_id', true)
  )`,
];

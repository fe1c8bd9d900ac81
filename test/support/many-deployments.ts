/** Many deployments at once: copies of one that is ready, as an organization's years would leave them. */
import { sql } from "kysely";
import type { Store } from "../../src/store/database.ts";

/** Writes `count` copies, each a second older than the one before and named `<name> 1`, `<name> 2`, … */
export async function copyDeployment(store: Store, deploymentId: string, count: number): Promise<void> {
  await store.asPlatform((db) =>
    sql`WITH copied AS (
        INSERT INTO deployments (id, organization_id, environment_id, name, app_type, host_label, applied_revision,
          created_by, created_at, first_ready_at)
        SELECT 'dep_' || gen_random_uuid(), organization_id, environment_id, name || ' ' || place, app_type,
          host_label || '-' || place, applied_revision, created_by, created_at - place * interval '1 second', first_ready_at
        FROM deployments, generate_series(1, ${count}::int) AS place WHERE id = ${deploymentId}
        RETURNING id
      )
      INSERT INTO deployment_specs (deployment_id, organization_id, revision, spec, created_by)
      SELECT copied.id, organization_id, revision, spec, created_by FROM deployment_specs, copied
      WHERE deployment_id = ${deploymentId}`.execute(db),
  );
}

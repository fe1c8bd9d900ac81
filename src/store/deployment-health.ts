/** The last health seen of each deployment. A trigger tells webhooks when it becomes another one. */
import { sql } from "kysely";
import type { Scoped } from "./database.ts";

/** Notes what was seen; the same health again changes nothing. */
export async function recordHealth(
  db: Scoped,
  deploymentId: string,
  { status, detail }: { status: string; detail: string },
): Promise<void> {
  await sql`INSERT INTO deployment_health (deployment_id, organization_id, status, detail)
    SELECT id, organization_id, ${status}, ${detail} FROM deployments WHERE id = ${deploymentId} AND destroyed_at IS NULL
    ON CONFLICT (deployment_id) DO UPDATE SET status = EXCLUDED.status, detail = EXCLUDED.detail, since = now()
    WHERE deployment_health.status <> EXCLUDED.status`.execute(db);
}

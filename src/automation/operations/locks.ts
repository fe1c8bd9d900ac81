/** The order in which rows are locked. */
import { sql } from "kysely";
import type { Scoped } from "../../store/database.ts";

/** Deployment before operation, everywhere: two requests that lock both never wait for each other. */
export async function lockDeploymentOf(db: Scoped, operationId: string): Promise<void> {
  await sql`SELECT 1 FROM deployments WHERE id = (SELECT resource_id FROM operations WHERE id = ${operationId})
    FOR UPDATE`.execute(db);
}

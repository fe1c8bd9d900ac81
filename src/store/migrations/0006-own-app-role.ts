/**
 * An installation whose database is not called `onvera` shared the role `onvera_app` with every other one on its server;
 * from now on it has its own. The shared role keeps its rights here, so that servers of the version before go on working.
 */
import { type Kysely, sql } from "kysely";
import { createAppRole, grantsToAppRole } from "../app-role.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [createAppRole, ...grantsToAppRole]) await sql.raw(statement).execute(db);
}

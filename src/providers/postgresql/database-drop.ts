/** Dropping a database for good. */
import type { CallContext } from "../host/resource-handler.ts";
import { inSession, type PostgresAdmin } from "./admin.ts";
import { readDatabase } from "./database-facts.ts";
import { ensureMembership } from "./membership.ts";
import { refuseForeign } from "./ownership-mark.ts";
import { identifier } from "./sql-text.ts";

/** `datconnlimit` of a database whose drop was cut off: nobody can enter it, nothing may alter it, only the drop goes on. */
const INVALID = -2;

/**
 * Closes the database, ends its sessions, drops it. Absent is fine.
 * @throws Error when it carries another stack's mark.
 */
export async function dropDatabase(admin: PostgresAdmin, context: CallContext, name: string): Promise<void> {
  await inSession(admin, context, null, async (session) => {
    const row = await readDatabase(session, name);
    if (row === null) return;
    refuseForeign("Database", name, typeof row.comment === "string" ? row.comment : null, context.stackName);
    await ensureMembership(session, String(row.owner));
    // Closed first, or an app that reconnects at once can hold the drop up for ever.
    if (row.connection_limit !== INVALID) {
      await session.query(`ALTER DATABASE ${identifier(name)} WITH ALLOW_CONNECTIONS false IS_TEMPLATE false`);
    }
    await session.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = $1 AND pid <> pg_backend_pid() AND pg_has_role(current_user, usesysid, 'USAGE')`,
      [name],
    );
    await session.query(`DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE)`);
  });
}

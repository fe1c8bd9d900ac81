/** Taking a role away without taking anybody's data with it. */
import type { CallContext } from "../host/resource-handler.ts";
import { inSession, inTransaction, type PostgresAdmin, type PostgresSession } from "./admin.ts";
import { ensureMembership } from "./membership.ts";
import { refuseForeign } from "./ownership-mark.ts";
import { readRole } from "./role-facts.ts";
import { identifier } from "./sql-text.ts";

interface DropRoleOptions {
  /** Leave the role itself where it is. */
  keepRole: boolean;
  /** Leave what it owns alone; dropping then fails while it owns something. */
  keepOwned: boolean;
}

/**
 * Ends the role's sessions, hands what it owns to each database's owner, removes its privileges, drops it. Absent is fine.
 * @throws Error when the role belongs to another stack or still owns whole databases.
 */
export async function dropRole(
  admin: PostgresAdmin,
  context: CallContext,
  name: string,
  options: DropRoleOptions,
): Promise<void> {
  const databases = await inSession(admin, context, null, async (session) => {
    const role = await readRole(session, name);
    if (role === null) return [];
    refuseForeign("Role", name, typeof role.comment === "string" ? role.comment : null, context.stackName);
    const owned = await session.query("SELECT datname FROM pg_database WHERE datdba = $1", [role.oid]);
    if (owned.length > 0 && !options.keepRole) {
      throw new Error(
        `Role ${name} still owns database ${owned.map((row) => row.datname).join(", ")}, so it is not dropped. ` +
          "Drop the database first, or give it another owner.",
      );
    }
    await ensureMembership(session, name);
    if (!options.keepRole) await endSessions(session, name);
    const rows = await session.query(
      `SELECT DISTINCT d.datname FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid
       WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = $1 AND d.datallowconn`,
      [role.oid],
    );
    return rows.map((row) => String(row.datname));
  });

  // REASSIGN and DROP OWNED act on the connected database only.
  if (!options.keepOwned) {
    for (const database of databases) {
      await inSession(admin, context, database, (session) => releaseOwned(session, name));
    }
  }
  if (options.keepRole) return;
  await inSession(admin, context, null, async (session) => {
    if ((await readRole(session, name)) === null) return;
    await inTransaction(session, async () => {
      if (!options.keepOwned) await session.query(`DROP OWNED BY ${identifier(name)}`);
      await session.query(`DROP ROLE IF EXISTS ${identifier(name)}`);
    });
  });
}

async function endSessions(session: PostgresSession, name: string): Promise<void> {
  await session.query(`ALTER ROLE ${identifier(name)} NOLOGIN`);
  await session.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid()",
    [name],
  );
}

async function releaseOwned(session: PostgresSession, name: string): Promise<void> {
  const [row] = await session.query(
    "SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = current_database()",
  );
  await ensureMembership(session, String(row?.owner));
  await inTransaction(session, async () => {
    await session.query(`REASSIGN OWNED BY ${identifier(name)} TO ${identifier(String(row?.owner))}`);
    await session.query(`DROP OWNED BY ${identifier(name)}`);
  });
}

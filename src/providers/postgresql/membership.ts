/** What an administrator who is no superuser needs before it may act for another role. */
import type { PostgresSession } from "./admin.ts";
import { identifier } from "./sql-text.ts";

/**
 * Makes sure the session's user has the role's privileges and may hand things to it. From PostgreSQL 16 on, whoever made
 * a role with CREATEROLE may grant it to itself.
 */
export async function ensureMembership(session: PostgresSession, role: string): Promise<void> {
  const [row] = await session.query(
    `SELECT pg_has_role(current_user, oid, 'USAGE') AND pg_has_role(current_user, oid, 'MEMBER') AS member,
            current_setting('server_version_num')::int >= 160000 AS with_options
     FROM pg_roles WHERE rolname = $1`,
    [role],
  );
  if (row === undefined || row.member === true) return;
  const options = row.with_options === true ? " WITH INHERIT TRUE, SET TRUE" : "";
  await session.query(`GRANT ${identifier(role)} TO CURRENT_USER${options}`);
}

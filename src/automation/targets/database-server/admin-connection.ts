/** Sessions of the tenants' database server as its administrator; one connection each, closed with its work. */
import pg from "pg";
import { SILENT_TRANSACTION_MILLISECONDS } from "../../../domain/silent-transactions.ts";

export interface AdminConnection {
  /** Runs `work` with a session in `database` (the administrator's own when absent). */
  in<T>(database: string | undefined, work: (client: pg.Client) => Promise<T>): Promise<T>;
}

/**
 * @param connectionString of the control plane's role, which may make roles and databases; used inside this process only
 */
export function createAdminConnection(connectionString: string): AdminConnection {
  return {
    in: async (database, work) => {
      const url = new URL(connectionString);
      if (database !== undefined) url.pathname = `/${encodeURIComponent(database)}`;
      const client = new pg.Client({
        connectionString: url.href,
        application_name: "onvera-worker",
        idle_in_transaction_session_timeout: SILENT_TRANSACTION_MILLISECONDS,
      });
      // A server that goes away between two statements fails the next one; it must not end this process.
      client.on("error", () => undefined);
      await client.connect();
      try {
        return await work(client);
      } finally {
        await client.end().catch(() => undefined);
      }
    },
  };
}

/** Whether the server has a database of that name. */
export async function databaseExists(client: pg.Client, name: string): Promise<boolean> {
  return ((await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [name])).rowCount ?? 0) > 0;
}

/** Whether the server has a role of that name. */
export async function roleExists(client: pg.Client, name: string): Promise<boolean> {
  return ((await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [name])).rowCount ?? 0) > 0;
}

/**
 * Closes a database to new sessions and ends those that are there; it can be cloned or dropped then. One whose drop was
 * cut off (`datconnlimit` -2) is closed already, and PostgreSQL refuses to alter it.
 */
export async function closeDatabase(client: pg.Client, name: string): Promise<void> {
  const open = await client.query("SELECT 1 FROM pg_database WHERE datname = $1 AND datconnlimit <> -2", [name]);
  if (open.rowCount === 1) {
    await client.query(`ALTER DATABASE ${pg.escapeIdentifier(name)} WITH ALLOW_CONNECTIONS false`);
  }
  await client.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
    [name],
  );
}

/** Drops a database with everything in it, whoever uses it. Repeating it is fine. */
export async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  await closeDatabase(client, name);
  await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
}

/** Drops a role with what it owns in the session's database. @throws when it owns something in another one */
export async function dropRole(client: pg.Client, name: string): Promise<void> {
  await client.query(`DROP OWNED BY ${pg.escapeIdentifier(name)}`);
  await client.query(`DROP ROLE IF EXISTS ${pg.escapeIdentifier(name)}`);
}

/** Ends every session of a role. */
export async function endSessionsOf(client: pg.Client, role: string): Promise<void> {
  await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", [role]);
}

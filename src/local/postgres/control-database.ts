/** The control plane's own database and the role it logs in as: no superuser, but able to make tenants' roles and databases. */
import pg from "pg";

export interface ControlDatabase {
  role: string;
  database: string;
  password: string;
}

/**
 * Makes role and database where they are missing and sets the role's password; repeating it is cheap and changes nothing.
 * @param superuserUrl a connection of the server's superuser
 * @returns the connection string of the new role, for use inside this process only: it holds the password
 */
export async function ensureControlDatabase(superuserUrl: string, wanted: ControlDatabase): Promise<string> {
  const { role, database, password } = wanted;
  const client = new pg.Client({ connectionString: superuserUrl });
  // A server that goes away between two statements fails the next one; it must not end this process without a reason.
  client.on("error", () => undefined);
  await client.connect();
  try {
    const roleName = pg.escapeIdentifier(role);
    const databaseName = pg.escapeIdentifier(database);
    // Processes that start at once take turns: PostgreSQL refuses two changes of one role.
    await client.query("SELECT pg_advisory_lock(hashtextextended('onvera control database', 0))");
    const found = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [role]);
    const verb = found.rowCount === 0 ? "CREATE" : "ALTER";
    await client.query(
      `${verb} ROLE ${roleName} LOGIN CREATEDB CREATEROLE NOSUPERUSER PASSWORD ${pg.escapeLiteral(password)}`,
    );
    // Roles it creates are its own to use and to grant; otherwise it could not drop what they own.
    await client.query(`ALTER ROLE ${roleName} SET createrole_self_grant = 'set, inherit'`);
    await client.query(`GRANT pg_signal_backend TO ${roleName}`);
    const made = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [database]);
    if (made.rowCount === 0) await client.query(`CREATE DATABASE ${databaseName} OWNER ${roleName}`);
    // A fresh database lets every role connect; tenants must reach only their own.
    for (const shared of ["postgres", "template1", database]) {
      await client.query(`REVOKE ALL ON DATABASE ${pg.escapeIdentifier(shared)} FROM PUBLIC`);
      await client.query(`GRANT CONNECT ON DATABASE ${pg.escapeIdentifier(shared)} TO ${roleName}`);
    }
  } finally {
    await client.end();
  }
  const url = new URL(superuserUrl);
  url.username = encodeURIComponent(role);
  url.password = encodeURIComponent(password);
  url.pathname = `/${encodeURIComponent(database)}`;
  return url.href;
}

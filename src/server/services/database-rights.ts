/** Whether a cluster's database role may do what deployments need of it. */
import pg from "pg";
import { missing, ok, type PreflightFinding } from "../../domain/preflight-report.ts";

const TIMEOUT_MILLISECONDS = 10_000;
/** The oldest version tests run on. */
const OLDEST_MAJOR = 17;

/** Asks the server as the role of the URL. Never rejects for what the server does. */
export async function databaseRights(databaseUrl: string): Promise<PreflightFinding> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: "onvera-check",
    connectionTimeoutMillis: TIMEOUT_MILLISECONDS,
    query_timeout: TIMEOUT_MILLISECONDS,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: number; createdb: boolean; createrole: boolean }>(
      `SELECT current_setting('server_version_num')::integer / 10000 AS version,
        rolsuper OR rolcreatedb AS createdb, rolsuper OR rolcreaterole AS createrole
        FROM pg_roles WHERE rolname = current_user`,
    );
    return rightsFinding(rows[0]);
  } catch (error) {
    return missing(
      "database_rights",
      `The control plane cannot use the database server: ${error instanceof Error ? error.message : "it did not answer"}`,
      "Look whether the server runs and lets this machine in, and whether user and password are right.",
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

function rightsFinding(
  found: { version: number; createdb: boolean; createrole: boolean } | undefined,
): PreflightFinding {
  const lacking = [...(found?.createdb ? [] : ["CREATEDB"]), ...(found?.createrole ? [] : ["CREATEROLE"])];
  if (lacking.length > 0) {
    const next = `As a superuser there: ALTER ROLE … WITH ${lacking.join(" ")}.`;
    return missing("database_rights", `The role lacks ${lacking.join(" and ")}.`, next, lacking);
  }
  const version = found?.version ?? 0;
  if (version < OLDEST_MAJOR) {
    const detail = `The server runs PostgreSQL ${version}; ${OLDEST_MAJOR} or newer is needed.`;
    return missing("database_rights", detail, "Update the server.");
  }
  return ok("database_rights", `The role may create databases and roles; PostgreSQL ${version}.`);
}

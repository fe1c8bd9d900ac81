/** PostgresAdmin over node-postgres, which is loaded at the first session: the host starts without it. */
import type { ClientConfig } from "pg";
import { SILENT_TRANSACTION_MILLISECONDS } from "../../domain/silent-transactions.ts";
import type { PostgresAdmin, PostgresTarget, Row } from "./admin.ts";

/** How to reach the server a program means; `database` is overridden where a session is for another one. */
export type AdminConfig = (target: PostgresTarget) => ClientConfig | Promise<ClientConfig>;

const CONNECT_TIMEOUT_MILLISECONDS = 15_000;

/** Opens one connection per session; a closed one is never used again, so no session setting outlives its work. */
export function createPgAdmin(configOf: AdminConfig): PostgresAdmin {
  return {
    open: async (target) => {
      const { default: pg } = await import("pg");
      const base = await configOf(target);
      const client = new pg.Client({
        application_name: "onvera-providers",
        connectionTimeoutMillis: CONNECT_TIMEOUT_MILLISECONDS,
        idle_in_transaction_session_timeout: SILENT_TRANSACTION_MILLISECONDS,
        ...(target.database === undefined ? base : inDatabase(base, target.database)),
      });
      // A server that goes away between two statements must not take the host with it; the next statement fails anyway.
      client.on("error", () => {});
      await client.connect();
      return {
        query: async (text, values) =>
          (await client.query<Row>(text, values === undefined ? undefined : [...values])).rows,
        close: () => client.end().catch(() => {}),
      };
    },
  };
}

/** A connection string wins over separate members in node-postgres, so the database has to be changed inside it. */
function inDatabase(config: ClientConfig, database: string): ClientConfig {
  if (config.connectionString === undefined) return { ...config, database };
  const url = new URL(config.connectionString);
  url.pathname = `/${encodeURIComponent(database)}`;
  return { ...config, connectionString: url.href };
}

/** Opens the control plane's database and gives scoped transactions: no query runs without saying for whom. */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  PostgresDialect,
  PostgresDriver,
  type Transaction,
} from "kysely";
import pg from "pg";
import { SILENT_TRANSACTION_MILLISECONDS } from "../domain/silent-transactions.ts";
import { appRoleSql } from "./app-role.ts";
import { runInOneMessage, type Scope } from "./one-message.ts";
import { preparingPool } from "./prepared.ts";
import type { Tables } from "./schema.ts";

const INT8 = 20;
// Sequence numbers and counts stay far below 2^53, so plain numbers are safe and print as JSON numbers.
pg.types.setTypeParser(INT8, Number);

export type Scoped = Transaction<Tables>;

export interface Store {
  /** Runs `work` in one transaction that sees only that organization's rows (row-level security). */
  forOrganization<T>(organizationId: string, work: (db: Scoped) => Promise<T>): Promise<T>;
  /** Runs `work` in one transaction that sees all rows: sign-in, workers, the platform operator. */
  asPlatform<T>(work: (db: Scoped) => Promise<T>): Promise<T>;
  /**
   * Runs one statement as such a transaction, which costs one wait instead of three. Its text must not vary with its
   * values, and it must refuse by itself what has to leave nothing behind: it is committed when its rows are seen.
   */
  inOneMessage<Row>(organizationId: string, statement: (db: Kysely<Tables>) => CompiledQuery<Row>): Promise<Row[]>;
  /** The bare pool, for LISTEN and the migrator. */
  pool: pg.Pool;
  connectionString: string;
  close(): Promise<void>;
}

export interface StoreOptions {
  connectionString: string;
  maxConnections?: number;
  applicationName?: string;
}

/** Opens a store; nothing is asked of the server until the first transaction. */
export function openStore(options: StoreOptions): Store {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.maxConnections ?? 10,
    application_name: options.applicationName ?? "onvera",
    options: "-c search_path=onvera",
    idle_in_transaction_session_timeout: SILENT_TRANSACTION_MILLISECONDS,
  });
  // An idle connection that the server drops must not end the process; the next query opens a new one.
  pool.on("error", () => undefined);
  // Nor one in use: its query fails, and whoever asked hears of it there.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const dialect = new PostgresDialect({ pool });
  const db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => dialect.createAdapter(),
      createIntrospector: (database) => dialect.createIntrospector(database),
      createQueryCompiler: () => dialect.createQueryCompiler(),
      createDriver: () => new ScopedDriver({ pool: preparingPool(pool) }),
    },
  });

  const scoped = <T>(scope: Scope, work: (db: Scoped) => Promise<T>): Promise<T> =>
    scopes.run(scope, () => db.transaction().execute(work));

  const inOneMessage: Store["inOneMessage"] = async (organizationId, statement) => {
    const { sql: text, parameters: values } = statement(db);
    const client = await pool.connect();
    try {
      const scope = { organizationId, scope: "organization", traceparent: traces.getStore() } as const;
      return await runInOneMessage(client, scope, { text, values });
    } finally {
      client.release();
    }
  };

  return {
    inOneMessage,
    forOrganization: (organizationId, work) => scoped({ organizationId, scope: "organization" }, work),
    asPlatform: (work) => scoped({ organizationId: "", scope: "platform" }, work),
    pool,
    connectionString: options.connectionString,
    close: () => db.destroy(),
  };
}

const scopes = new AsyncLocalStorage<Scope>();
const traces = new AsyncLocalStorage<string>();

/** Runs `work`; operations its transactions ask for belong to the trace. @param traceparent W3C trace context */
export const withTraceparent = <T>(traceparent: string, work: () => Promise<T>): Promise<T> =>
  traces.run(traceparent, work);

/** Begins a transaction and takes its scope on in one message to the server: each further one costs every request a round trip. */
class ScopedDriver extends PostgresDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    const scope = scopes.getStore();
    const traceparent = traces.getStore();
    if (!scope) throw new Error("A transaction was begun without saying for whom.");
    try {
      await connection.executeQuery(
        CompiledQuery.raw(`BEGIN; SELECT set_config('role', ${appRoleSql}, true),
          set_config('onvera.organization_id', ${pg.escapeLiteral(scope.organizationId)}, true),
          set_config('onvera.scope', ${pg.escapeLiteral(scope.scope)}, true)${
            traceparent === undefined
              ? ""
              : `, set_config('onvera.traceparent', ${pg.escapeLiteral(traceparent)}, true)`
          }`),
      );
    } catch (error) {
      // The transaction may have begun before its scope was refused; the connection must not go back with it open.
      await connection.executeQuery(CompiledQuery.raw("ROLLBACK")).catch(() => undefined);
      throw error;
    }
  }
}

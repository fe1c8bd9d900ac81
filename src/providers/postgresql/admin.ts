/**
 * The way to a database server as its administrator. Credentials come from the host's own options, never from resource
 * or provider inputs: every state would hold the fleet's secret.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { StackAccess } from "../../domain/stack-access.ts";
import type { CallContext } from "../host/resource-handler.ts";
import type { Values } from "../host/values.ts";

export type Row = Record<string, unknown>;

export interface PostgresSession {
  query(text: string, values?: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

export interface PostgresTarget {
  /** Provider configuration of the program (`host`, `port`); says which server where there are several. */
  config: Values;
  /** How the stack's own server is reached; undefined when nobody told this host. */
  access?: StackAccess | undefined;
  /** The administrator's own database when absent. */
  database?: string;
}

export interface PostgresAdmin {
  open(target: PostgresTarget): Promise<PostgresSession>;
}

const RETRY_DELAYS_MILLISECONDS = [30, 60, 120, 250, 500, 1000, 1000, 1000, 2000, 2000];

/** Opens a session, does the work and closes it; all of it again while the server says "try again". */
export async function inSession<Result>(
  admin: PostgresAdmin,
  context: CallContext,
  database: string | null,
  work: (session: PostgresSession) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 0; ; attempt++) {
    try {
      const { config, access } = context;
      const session = await admin.open({ config, access, ...(database !== null && { database }) });
      try {
        return await work(session);
      } finally {
        await session.close();
      }
    } catch (error) {
      const pause = RETRY_DELAYS_MILLISECONDS[attempt];
      if (pause === undefined || !isTransient(error)) throw error;
      await delay(pause);
    }
  }
}

/** Runs the work in one transaction. */
export async function inTransaction<Result>(session: PostgresSession, work: () => Promise<Result>): Promise<Result> {
  await session.query("BEGIN");
  try {
    const result = await work();
    await session.query("COMMIT");
    return result;
  } catch (error) {
    await session.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

/**
 * Deadlock, serialization failure, object in use, a concurrent change of the same catalogue row, or a concurrent create
 * of the same name (which the next attempt finds and adopts or refuses).
 */
function isTransient(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  if (error.code === "XX000") return /^tuple (concurrently|already) (updated|deleted)/.test(error.message);
  return ["40P01", "40001", "55006", "23505", "42710", "42P04"].includes(String(error.code));
}

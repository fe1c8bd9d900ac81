/**
 * Statements that the server parses and plans once per connection, for the long ones that every accepted request runs:
 * planning them costs more than running them.
 */
import { createHash } from "node:crypto";
import { type PostgresPool, type PostgresPoolClient, type RawBuilder, sql } from "kysely";
import type pg from "pg";

const MARK = /^\/\* prepared (\w+) \*\/ /;

/** Marks a statement. Its text must not vary with its values, and its columns are named, so that a migration may add others. */
export const prepared = <T>(name: string, statement: RawBuilder<T>): RawBuilder<T> =>
  sql<T>`${sql.raw(`/* prepared ${name} */ `)}${statement}`;

/** The pool as Kysely takes it, sending marked statements by name. */
export function preparingPool(pool: pg.Pool): PostgresPool {
  // Kysely knows a connection again by its object.
  const known = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    async connect() {
      const client = await pool.connect();
      const connection = known.get(client) ?? preparingClient(client);
      known.set(client, connection);
      return connection;
    },
    end: () => pool.end(),
  };
}

const names = new Map<string, string>();

/** The name a statement has on each connection. Two forms of one (with an optional condition) are two to the server. */
export function statementName(text: string, label: string): string {
  const key = `${label} ${text}`;
  const name = names.get(key) ?? `${label}_${createHash("sha1").update(text).digest("base64url").slice(0, 10)}`;
  names.set(key, name);
  return name;
}

function preparingClient(client: pg.PoolClient): PostgresPoolClient {
  const query = (text: string, values: readonly unknown[]) => {
    const label = MARK.exec(text)?.[1];
    if (label === undefined) return client.query(text, [...values]);
    const name = statementName(text, label);
    return client.query({ name, text, values: [...values] });
  };
  // Kysely's type has a second form, for cursors, which the store does not use.
  return { query: query as unknown as PostgresPoolClient["query"], release: () => client.release() };
}

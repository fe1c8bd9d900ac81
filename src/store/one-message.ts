/**
 * A statement as a transaction of its own that costs one wait: its scope, the statement and the commit go to the server
 * in one message. What PostgreSQL reads up to a Sync is one transaction, which the Sync commits.
 * Source: https://www.postgresql.org/docs/17/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
import pg from "pg";
import { appRoleSql } from "./app-role.ts";
import { statementName } from "./prepared.ts";

/** What a scoped transaction says before its first statement. */
export interface Scope {
  /** "" for the platform's. */
  organizationId: string;
  scope: "organization" | "platform";
  /** W3C trace context of the operations it asks for. */
  traceparent?: string | undefined;
}

export interface Statement {
  text: string;
  values: readonly unknown[];
}

const takeScope = `SELECT set_config('role', ${appRoleSql}, true), set_config('onvera.organization_id', $1, true),
  set_config('onvera.scope', $2, true), set_config('onvera.traceparent', $3, true)`;

/** Names each connection's server has a plan for. */
const preparedOn = new WeakMap<pg.Connection, Set<string>>();

/**
 * Runs a statement in one message. Nothing of it stays when any part fails, the commit included.
 * @returns its rows
 * @throws DatabaseError as any query
 */
export function runInOneMessage<Row>(client: pg.PoolClient, scope: Scope, statement: Statement): Promise<Row[]> {
  const { organizationId, traceparent = "" } = scope;
  const steps = [{ text: takeScope, values: [organizationId, scope.scope, traceparent] }, statement];
  return new Promise((resolve, reject) => {
    client.query(new OneMessage(steps, (error, rows) => (error ? reject(error) : resolve(rows as Row[]))));
  });
}

type Row = Record<string, unknown>;

/** As the server reads it. @throws Error for what has no such form here: such a value is a mistake of the statement's */
function asText(value: unknown): string | null {
  if (value === null || typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new Error("A statement sent in one message takes texts, numbers, booleans and null");
}

/** The driver's own form of a query: it hands the connection to `submit` and the server's answers to the others. */
class OneMessage implements pg.Submittable {
  private readonly steps: { name: string; text: string; values: (string | null)[] }[];
  private readonly done: (error: Error | undefined, rows: Row[]) => void;
  private fields: pg.FieldDef[] = [];
  /** Of the newest step: those of the scope are nobody's. */
  private rows: Row[] = [];

  constructor(steps: Statement[], done: (error: Error | undefined, rows: Row[]) => void) {
    this.steps = steps.map(({ text, values }) => ({
      name: statementName(text, "one"),
      text,
      values: values.map(asText),
    }));
    this.done = done;
  }

  submit(connection: pg.Connection): null {
    const known = preparedOn.get(connection);
    connection.stream.cork();
    for (const { name, text, values } of this.steps) {
      if (!known?.has(name)) {
        // A message that failed may have left the name behind or not.
        connection.close({ type: "S", name }, true);
        connection.parse({ name, text, types: [] }, true);
      }
      connection.bind({ statement: name, values }, true);
      connection.describe({ type: "P", name: "" }, true);
      connection.execute({}, true);
    }
    connection.sync();
    connection.stream.uncork();
    return null;
  }

  handleRowDescription({ fields }: { fields: pg.FieldDef[] }): void {
    this.fields = fields;
    this.rows = [];
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    const cells = this.fields.map(({ name, dataTypeID }, at) => {
      const text = fields[at] ?? null;
      return [name, text === null ? null : pg.types.getTypeParser(dataTypeID, "text")(text)];
    });
    this.rows.push(Object.fromEntries(cells));
  }

  handleCommandComplete(): void {
    // The rows count once the transaction is committed.
  }

  handleReadyForQuery(connection: pg.Connection): void {
    const known = preparedOn.get(connection) ?? new Set();
    for (const { name } of this.steps) known.add(name);
    preparedOn.set(connection, known);
    this.done(undefined, this.rows);
  }

  handleError(error: Error, connection: pg.Connection): void {
    preparedOn.delete(connection);
    this.done(error, []);
  }
}

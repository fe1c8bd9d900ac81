/** Inputs of a database and the statement that makes it. */
import { z } from "zod";
import type { Values } from "../host/values.ts";
import type { PostgresSession, Row } from "./admin.ts";
import { identifier, literal } from "./sql-text.ts";

const Name = z.string().min(1).max(63);

export const DatabaseInputs = z.strictObject({
  name: Name,
  owner: Name.optional(),
  template: Name.optional(),
  encoding: z.string().optional(),
  lcCollate: z.string().optional(),
  lcCtype: z.string().optional(),
  tablespaceName: Name.optional(),
  connectionLimit: z.number().int().min(-1).default(-1),
  allowConnections: z.boolean().default(true),
  isTemplate: z.boolean().optional(),
  alterObjectOwnership: z.boolean().default(false),
});
export type DatabaseInputs = z.output<typeof DatabaseInputs>;

/** Templates that come with the server hold nothing that could change hands. */
export const isBuiltInTemplate = (template: string | undefined): boolean =>
  template === undefined || ["template0", "template1", "DEFAULT"].includes(template);

/** `CREATE DATABASE …`; as the official plugin: template0 and UTF8 where nothing is said. */
export function createDatabase(database: DatabaseInputs): string {
  const orDefault = (value: string, quote: (text: string) => string) =>
    value.toUpperCase() === "DEFAULT" ? "DEFAULT" : quote(value);
  const clauses = [
    `CREATE DATABASE ${identifier(database.name)}`,
    database.owner !== undefined && `OWNER ${identifier(database.owner)}`,
    `TEMPLATE ${orDefault(database.template ?? "template0", identifier)}`,
    `ENCODING ${orDefault(database.encoding ?? "UTF8", literal)}`,
    database.lcCollate !== undefined && `LC_COLLATE ${orDefault(database.lcCollate, literal)}`,
    database.lcCtype !== undefined && `LC_CTYPE ${orDefault(database.lcCtype, literal)}`,
    database.tablespaceName !== undefined && `TABLESPACE ${orDefault(database.tablespaceName, identifier)}`,
  ];
  return clauses.filter((clause) => clause !== false).join(" ");
}

/** Null when there is no such database. */
export async function readDatabase(session: PostgresSession, name: string): Promise<Row | null> {
  const [row] = await session.query(
    `SELECT d.oid, pg_get_userbyid(d.datdba)::text AS owner, pg_encoding_to_char(d.encoding)::text AS encoding,
            d.datcollate::text AS collate, d.datctype::text AS ctype, t.spcname::text AS tablespace,
            d.datconnlimit AS connection_limit, d.datallowconn AS allow_connections, d.datistemplate AS is_template,
            shobj_description(d.oid, 'pg_database') AS comment,
            shobj_description(d.datdba, 'pg_authid') AS owner_comment
     FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = $1`,
    [name],
  );
  return row ?? null;
}

/** A row of `readDatabase` as inputs; what it was cloned from cannot be read back. */
export const databaseFromRow = (name: string, row: Row): Values => ({
  name,
  owner: row.owner,
  encoding: row.encoding,
  lcCollate: row.collate,
  lcCtype: row.ctype,
  tablespaceName: row.tablespace,
  connectionLimit: row.connection_limit,
  allowConnections: row.allow_connections,
  isTemplate: row.is_template,
});

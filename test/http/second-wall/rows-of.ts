/** Everything in the database that is one organization's, as text: to find it in an answer, and to see that it stayed as it was. */
import { createHash } from "node:crypto";
import pg from "pg";

/** Each table's rows of an organization. */
export type OwnRows = ReadonlyMap<string, readonly string[]>;

const IDS = /\b[a-z]{2,4}_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const ADDRESSES = /[\w.-]+@[\w.-]+\.test\b/g;

interface Table {
  name: string;
  /** Each row of it is some organization's. */
  has_owner: boolean;
  /** A row of it may be some organization's, and says so. */
  names_owner: boolean;
}

const tablesQuery = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name, EXISTS (
    SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND a.attnotnull) AS has_owner, EXISTS (
    SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id') AS names_owner
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('onvera', 'pulumi') AND c.relkind = 'r' ORDER BY 1`;

/** Names of the tables of which each row is some organization's. */
export async function ownedTables(connectionString: string): Promise<string[]> {
  const { rows } = await queryOnce<Table>(connectionString, tablesQuery);
  return rows.filter((table) => table.has_owner).map(({ name }) => name);
}

/** Asks as whoever the connection string names, over a connection of its own. */
export async function queryOnce<Row extends pg.QueryResultRow>(connectionString: string, text: string) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await client.query<Row>(text);
  } finally {
    await client.end();
  }
}

/**
 * Reads all tables as the server's superuser, for whom no rule holds.
 * @param isOwn tells a row of a table without the organization's id
 */
export async function rowsOf(
  connectionString: string,
  organizationId: string,
  isOwn: (row: string) => boolean,
): Promise<OwnRows> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const found = new Map<string, string[]>();
    const { rows: tables } = await client.query<Table>(tablesQuery);
    for (const { name, has_owner: hasOwner, names_owner: namesOwner } of tables) {
      // What somebody else's row says of this organization, the filter of an export for one, is still theirs.
      const own = namesOwner ? `WHERE organization_id = $1 ${hasOwner ? "" : "OR organization_id IS NULL"}` : "";
      const { rows } = await client.query<{ text: string }>(
        `SELECT t::text AS text FROM ${name} t ${own} ORDER BY 1`,
        namesOwner ? [organizationId] : [],
      );
      const texts = rows.map(({ text }) => text);
      found.set(name, hasOwner ? texts : texts.filter(isOwn));
    }
    return found;
  } finally {
    await client.end();
  }
}

/** The ids and addresses in rows. */
export function marksIn(rows: OwnRows): Set<string> {
  const texts = [...rows.values()].flat();
  return new Set(texts.flatMap((text) => [...(text.match(IDS) ?? []), ...(text.match(ADDRESSES) ?? [])]));
}

const digest = (texts: readonly string[]) => createHash("sha256").update(texts.join("\n")).digest("hex");

/** The tables whose rows are not as they were. */
export function changedTables(before: OwnRows, after: OwnRows): string[] {
  return [...before.keys()].filter((table) => digest(before.get(table) ?? []) !== digest(after.get(table) ?? []));
}

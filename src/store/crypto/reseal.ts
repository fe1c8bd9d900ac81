/** Seals stored values anew, a batch of rows in a transaction each, so that it can be cut off anywhere and gone on with. */
import { sql } from "kysely";
import { seal, unseal } from "../../domain/envelope.ts";
import type { Scoped, Store } from "../database.ts";
import type { DataKeys } from "./data-keys.ts";
import type { Row, SealedColumn } from "./sealed-columns.ts";

const ROWS_PER_BATCH = 200;

/** Retired data keys: the organization of each, by id. */
export type RetiredKeys = ReadonlyMap<string, string | null>;

/**
 * Seals every value of a column that names a retired data key with its organization's key in use.
 * @param afterBatch called after each committed batch with its number of values
 * @returns how many values were sealed anew
 * @throws SealError when a value does not open; batches before it stay done
 */
export async function resealColumn(
  { store, dataKeys }: { store: Store; dataKeys: DataKeys },
  column: SealedColumn,
  retired: RetiredKeys,
  afterBatch: (values: number) => Promise<void> | void,
): Promise<number> {
  if (retired.size === 0) return 0;
  let values = 0;
  for (let after: readonly unknown[] | undefined; ; ) {
    const batch = await store.asPlatform(async (db) => {
      const rows = await nextRows(db, column, [...retired.keys()], after);
      let sealed = 0;
      for (const row of rows) sealed += await resealRow(db, dataKeys, column, retired, row);
      const last = rows.at(-1);
      return { sealed, last: last && column.key.map((name) => last[name]) };
    });
    values += batch.sealed;
    if (batch.last === undefined) return values;
    after = batch.last;
    await afterBatch(batch.sealed);
  }
}

/** How many rows of a column still hold a value under one of these keys, wherever in the document it stands. */
export async function rowsUnder(db: Scoped, column: SealedColumn, retired: RetiredKeys): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*) AS count FROM ${sql.table(column.table)} WHERE ${names(column, [...retired.keys()])}`.execute(db);
  return rows[0]?.count ?? 0;
}

async function nextRows(
  db: Scoped,
  { table, column, key, also = [], ...rest }: SealedColumn,
  retired: readonly string[],
  after: readonly unknown[] | undefined,
): Promise<readonly Row[]> {
  const keys = sql.join(key.map((name) => sql.ref(name)));
  const columns = sql.join([...key, ...also, column].map((name) => sql.ref(name)));
  const beyond = after === undefined ? sql`true` : sql`(${keys}) > (${sql.join(after)})`;
  const { rows } = await sql<Row>`
    SELECT ${columns} FROM ${sql.table(table)}
    WHERE ${names({ table, column, key, also, ...rest }, retired)} AND ${beyond}
    ORDER BY ${keys} LIMIT ${ROWS_PER_BATCH} FOR NO KEY UPDATE`.execute(db);
  return rows;
}

/** Also where this version would not look for it: what it cannot seal anew must be noticed, not lost. */
const names = ({ column }: SealedColumn, ids: readonly string[]) => sql<boolean>`EXISTS (
  SELECT 1 FROM jsonb_path_query(${sql.ref(column)}, 'strict $.**.kid') AS kid WHERE kid #>> '{}' = ANY (${ids}))`;

async function resealRow(
  db: Scoped,
  dataKeys: DataKeys,
  column: SealedColumn,
  retired: RetiredKeys,
  row: Row,
): Promise<number> {
  const holder = { document: row[column.column] };
  let values = 0;
  for (const { value, place, replace } of column.find(row, holder)) {
    const organizationId = retired.get(value.kid);
    if (organizationId === undefined) continue;
    const plaintext = unseal(await dataKeys.byId(db, value.kid), value, place);
    replace(seal(await dataKeys.current(db, organizationId), plaintext, place));
    values += 1;
  }
  if (values === 0) return 0;
  const at = column.key.map((name) => sql`${sql.ref(name)} = ${row[name]}`);
  await sql`UPDATE ${sql.table(column.table)} SET ${sql.ref(column.column)} = ${JSON.stringify(holder.document)}::jsonb
    WHERE ${sql.join(at, sql` AND `)}`.execute(db);
  return values;
}

/**
 * How many entries a list has. Counting is the one part of a page that grows with the past, so that a long list is
 * counted anew only now and then.
 */
import { type Expression, sql } from "kysely";
import type { Scoped } from "../store/database.ts";

/** Counted at each request up to here: then the total is exact. */
const EXACT_UP_TO = 1000;
const REMEMBERED_MILLISECONDS = 60_000;
const MOST_REMEMBERED = 10_000;

const remembered = new Map<string, { total: number; until: number }>();

/**
 * The number of rows: exact up to a thousand, beyond that at most a minute old.
 * @param list names organization and filters; lists with the same name share a total
 * @param rows the list's query without order and limit
 */
export async function totalOf(db: Scoped, list: unknown, rows: Expression<unknown>): Promise<number> {
  const key = JSON.stringify(list);
  const known = remembered.get(key);
  if (known !== undefined && known.until > Date.now()) return known.total;
  remembered.delete(key);
  const few = await count(db, sql`(SELECT 1 FROM ${rows} AS matching LIMIT ${sql.lit(EXACT_UP_TO + 1)})`);
  if (few <= EXACT_UP_TO) return few;
  const total = await count(db, rows);
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(key, { total, until: Date.now() + REMEMBERED_MILLISECONDS });
  return total;
}

async function count(db: Scoped, rows: Expression<unknown>): Promise<number> {
  const result = await sql<{ total: number }>`SELECT count(*) AS total FROM ${rows} AS counted`.execute(db);
  return result.rows[0]?.total ?? 0;
}

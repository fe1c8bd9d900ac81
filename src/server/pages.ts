/** Pages of a list: by number as documented, and by an opaque cursor that stays steady while entries are added. */
import { createHash } from "node:crypto";
import { type RawBuilder, type SqlBool, sql } from "kysely";
import { OnveraError } from "../domain/errors.ts";
import type { PageRequest } from "./schemas/common.ts";

/** Where a page begins after: the order column of the last entry before it, as PostgreSQL writes it, and its id. */
export interface Position {
  at: string;
  id: string;
}

export interface Paging {
  limit: number;
  offset: number;
  after: Position | undefined;
}

/**
 * Reads a page request.
 * @param filters bound into the cursor, so that it cannot be used with other filters
 * @throws OnveraError INVALID_REQUEST when the cursor is not one of ours for these filters
 */
export function pagingOf(request: PageRequest, filters: unknown): Paging {
  const after = request.cursor === undefined ? undefined : decode(request.cursor, filters);
  return { limit: request.per_page, offset: after ? 0 : (request.page - 1) * request.per_page, after };
}

/** The order column of a row as a cursor holds it. @param column names a timestamp */
export const positionOf = (column: string) =>
  sql<string>`to_char(${sql.ref(column)} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`.as("position");

/**
 * What comes after a position in the order `column DESC, id DESC`; everything where there is none.
 * @param id names a column, or is an expression
 */
export const comesAfter = (after: Position | undefined, column: string, id: string | RawBuilder<string>) =>
  after === undefined
    ? sql<SqlBool>`true`
    : sql<SqlBool>`(${sql.ref(column)}, ${typeof id === "string" ? sql.ref(id) : id}) < (${after.at}::timestamptz, ${after.id})`;

/**
 * Builds `items` and `pagination`.
 * @param rows one row more than a page holds, when there is more
 */
export function pageAnswer<Row extends { position: string; id: string }, View>(
  rows: Row[],
  {
    request,
    total,
    filters,
    view,
  }: { request: PageRequest; total: number; filters: unknown; view: (row: Row) => View },
) {
  const shown = rows.slice(0, request.per_page);
  const last = rows.length > shown.length ? shown.at(-1) : undefined;
  return {
    items: shown.map(view),
    pagination: {
      page: request.page,
      per_page: request.per_page,
      total,
      pages: Math.ceil(total / request.per_page),
      next_cursor: last ? encode({ at: last.position, id: last.id }, filters) : null,
    },
  };
}

const digest = (filters: unknown) =>
  createHash("sha256")
    .update(JSON.stringify(filters ?? null))
    .digest("base64url")
    .slice(0, 8);

function encode({ at, id }: Position, filters: unknown): string {
  return Buffer.from(JSON.stringify([at, id, digest(filters)])).toString("base64url");
}

function decode(cursor: string, filters: unknown): Position {
  const parsed = parse(cursor);
  if (
    !Array.isArray(parsed) ||
    !/^[0-9TZ:.-]{1,40}$/.test(String(parsed[0])) ||
    !/^[a-z0-9_:-]{1,100}$/.test(String(parsed[1]))
  ) {
    throw refused("The cursor is not one this list gave out");
  }
  if (parsed[2] !== digest(filters)) throw refused("The cursor belongs to another list or other filters");
  return { at: String(parsed[0]), id: String(parsed[1]) };
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}

const refused = (message: string) =>
  new OnveraError("INVALID_REQUEST", { message, fields: [{ pointer: "?cursor", message }] });

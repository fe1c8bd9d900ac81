/** Prints one thing or a list of things in the wanted format. */
import type { Pagination } from "../api/contract.ts";
import type { Invocation } from "../invocation.ts";
import { sayPage } from "./pages.ts";
import { type Column, fields, table } from "./table.ts";

export interface ListView<Row> {
  columns: readonly Column<Row>[];
  name(row: Row): string;
  /** Said when there is none. */
  nothing: string;
}

/** Prints `list` as it came for programs, its items as columns for people. */
export function showList<Row>(
  { output }: Invocation,
  list: { items: readonly Row[]; pagination?: Pagination },
  { columns, name, nothing }: ListView<Row>,
): void {
  const { items, pagination } = list;
  output.data(list, {
    names: () => items.map(name),
    table: (hasColor) => (items.length === 0 ? "" : table(columns, items, hasColor)),
  });
  if (pagination !== undefined) sayPage(output, { items, pagination }, nothing);
  else if (items.length === 0) output.say(nothing);
}

/** Prints `value` as it came for programs, the named facts for people. */
export function showOne(
  { output }: Invocation,
  value: unknown,
  name: string,
  facts: readonly (readonly [string, string | null | undefined])[],
): void {
  output.data(value, { names: () => [name], table: () => fields(facts) });
}

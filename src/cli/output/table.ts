/** Plain columns for people, in the manner of `ps` and `kubectl`: no borders, one line per thing. */
import { safeText } from "./safe-text.ts";

export interface Column<Row> {
  title: string;
  value(row: Row): string;
  /** Colours the padded cell; called only where colour is wanted. */
  paint?(cell: string, row: Row): string;
}

/** Renders the rows below their titles; the last column is not padded. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], hasColor: boolean): string {
  const cells = rows.map((row) => columns.map((column) => safeText(column.value(row)) || "-"));
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...cells.map((line) => line[index]?.length ?? 0)),
  );
  const pad = (text: string, index: number) => (index === columns.length - 1 ? text : text.padEnd(widths[index] ?? 0));
  const header = columns.map((column, index) => pad(column.title, index)).join("   ");
  const lines = rows.map((row, rowIndex) =>
    columns
      .map((column, index) => {
        const cell = pad(cells[rowIndex]?.[index] ?? "", index);
        return hasColor && column.paint ? column.paint(cell, row) : cell;
      })
      .join("   "),
  );
  return `${[header, ...lines].map((line) => line.trimEnd()).join("\n")}\n`;
}

/** Renders `Label:  value` lines, leaving out what has no value. */
export function fields(pairs: readonly (readonly [string, string | null | undefined])[]): string {
  const shown = pairs.filter((pair): pair is [string, string] => pair[1] !== null && pair[1] !== undefined);
  const width = Math.max(0, ...shown.map(([label]) => label.length)) + 1;
  return shown.map(([label, value]) => `${`${label}:`.padEnd(width)}  ${safeText(value)}\n`).join("");
}

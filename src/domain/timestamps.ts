/** The public form of a moment: ISO 8601 in UTC, whole seconds, `Z`. */

export function timestamp(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

export function timestampOrNull(date: Date | null | undefined): string | null {
  return date ? timestamp(date) : null;
}

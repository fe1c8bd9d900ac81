/** Names and texts for statements that take no parameters (CREATE ROLE and the like). */

export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Works whatever standard_conforming_strings says. */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return text.includes("\\") ? `E${quoted}` : quoted;
}

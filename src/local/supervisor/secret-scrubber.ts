/** Takes a deployment's secrets out of text that others will read. */

/** Shorter values are words of everyday text; hiding them would spoil the log and protect nothing. */
const SHORTEST_HIDDEN = 6;

/** Kept with the secrets because the app reads them the same way, but no secrets: addresses and names. */
const OPEN_NAMES = /_(host|port|name|user)$/;

/**
 * Answers a function that replaces every occurrence of a secret by `[secret]`.
 * @param secrets values by name
 */
export function secretScrubber(secrets: Record<string, string>): (text: string) => string {
  const hidden = Object.entries(secrets).flatMap(([name, value]) => (OPEN_NAMES.test(name) ? [] : spellings(value)));
  const values = [...new Set(hidden)].filter((value) => value.length >= SHORTEST_HIDDEN);
  if (values.length === 0) return (text) => text;
  // The longest first: a secret may be part of another, such as a password within a database URL.
  values.sort((a, b) => b.length - a.length);
  const pattern = new RegExp(values.map((value) => value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "g");
  return (text) => text.replace(pattern, "[secret]");
}

/** A secret as it is, inside a URL, inside JSON, and line by line where it has several. */
function spellings(secret: string): string[] {
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), ...secret.split("\n")];
}

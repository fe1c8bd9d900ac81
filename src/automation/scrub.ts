/** Removes known secret values from text on its way to an event, a log or an error (NH-09, engine.md "Secrets"). */

const SHORTEST_SECRET = 6;
const MARK = "[secret]";

export interface Scrubber {
  /** Learns more values, for example those the program made itself. */
  learn(values: Iterable<string>): void;
  text(text: string): string;
  /** Every string inside a JSON value. */
  value<T>(value: T): T;
}

/**
 * Makes a scrubber. Values shorter than six characters are left: they would blank out ordinary words.
 * @param values the secrets in clear; their URL and base64 forms are removed too
 */
export function createScrubber(values: Iterable<string> = []): Scrubber {
  let needles: string[] = [];
  const learn = (more: Iterable<string>) => {
    const all = new Set(needles);
    for (const value of more) for (const form of formsOf(value)) if (form.length >= SHORTEST_SECRET) all.add(form);
    // Longest first, so that a secret that contains another leaves nothing behind.
    needles = [...all].sort((a, b) => b.length - a.length);
  };
  const text = (input: string) => {
    let output = input;
    for (const needle of needles) if (output.includes(needle)) output = output.replaceAll(needle, MARK);
    return output;
  };
  const walk = (value: unknown): unknown => {
    if (typeof value === "string") return text(value);
    if (Array.isArray(value)) return value.map(walk);
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [text(key), walk(inner)]));
    }
    return value;
  };
  learn(values);
  return { learn, text, value: <T>(value: T): T => walk(value) as T };
}

function formsOf(value: string): string[] {
  return [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), Buffer.from(value).toString("base64")];
}

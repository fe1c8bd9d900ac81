/** Readers of the option values several commands share. */
import { usageError } from "./errors.ts";
import { parseDuration } from "./output/elapsed.ts";

/** `--timeout 15m` in seconds; undefined when it was not given. @throws CliError exit 2 */
export const timeoutSeconds = (value: string | undefined): number | undefined => lengthOfTime("--timeout", value);

/** `15m` in seconds; undefined when it was not given. @throws CliError exit 2 naming the flag */
export function lengthOfTime(flag: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = parseDuration(value);
  if (seconds === undefined || seconds === 0) {
    throw usageError(`${flag} '${value}' is not a length of time.`, "Write seconds or 90s, 15m, 1h30m.");
  }
  return seconds;
}

/** `KEY=VALUE` pairs as a map. @throws CliError exit 2 naming the flag */
export function pairs(flag: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    values.map((value) => {
      const at = value.indexOf("=");
      if (at < 1) throw usageError(`${flag} '${value}' is not of the form KEY=VALUE.`);
      return [value.slice(0, at), value.slice(at + 1)];
    }),
  );
}

/** A moment as ISO 8601: `15m` ago, or a moment as it is. @throws CliError exit 2 naming the flag */
export function moment(flag: string, value: string | undefined, now: number): string | undefined {
  if (value === undefined) return undefined;
  const seconds = parseDuration(value);
  const at = seconds === undefined ? Date.parse(value) : now - seconds * 1000;
  if (Number.isNaN(at)) throw usageError(`${flag} '${value}' is no moment.`, "Write 15m, 2h, or 2027-01-31T12:00:00Z.");
  return new Date(at).toISOString();
}

/** A whole number of at least zero. @throws CliError exit 2 naming the flag */
export function wholeNumber(flag: string, value: string): number {
  if (!/^\d+$/.test(value)) throw usageError(`${flag} '${value}' is not a whole number.`);
  return Number(value);
}

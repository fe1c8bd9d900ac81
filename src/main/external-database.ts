/** A PostgreSQL server of the operator's own: its address from the environment, its password never from an argument list. */
import { readFile } from "node:fs/promises";
import { SetupError } from "../domain/setup-error.ts";

/**
 * Reads DATABASE_URL, and DATABASE_PASSWORD_FILE when the password stands apart.
 * @returns undefined when neither is set: the embedded server is used then
 * @throws SetupError when the address is not one of PostgreSQL
 */
export async function databaseFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const text = environment.DATABASE_URL;
  if (!text) return undefined;
  const url = parse(text);
  const passwordFile = environment.DATABASE_PASSWORD_FILE;
  if (passwordFile) url.password = encodeURIComponent((await readFile(passwordFile, "utf8")).trim());
  return url.href;
}

function parse(text: string): URL {
  try {
    const url = new URL(text);
    if (url.protocol === "postgres:" || url.protocol === "postgresql:") return url;
  } catch {
    // Falls through to the one message; the text may hold a password and is not repeated.
  }
  throw new SetupError("database-url", {
    what: "DATABASE_URL is not the address of a PostgreSQL database",
    why: "it does not have the form postgres://user@host:port/database.",
    nextStep: "Correct it, or unset it to use the embedded server.",
  });
}

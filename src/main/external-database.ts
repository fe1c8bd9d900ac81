/** A PostgreSQL server of the operator's own: its address from the environment, its password never from an argument list. */
import { readFile } from "node:fs/promises";
import { SetupError, systemErrorCode } from "../domain/setup-error.ts";

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

/**
 * Runs `work`, the first to ask the database; why it cannot be asked becomes an error people can act on.
 * @throws SetupError `postgres-unavailable` naming the address without its password; everything else as it is
 */
export async function tellingDatabaseAway<T>(connectionString: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = systemErrorCode(cause) ?? "";
    const found = reasons.find(([codes]) => codes.test(code));
    if (found === undefined) throw cause;
    const { host, username, pathname } = new URL(connectionString);
    const [, why, nextStep] = found;
    throw new SetupError("postgres-unavailable", {
      what: `The database at ${host} cannot be used`,
      why: `${why} (${code}; user ${username}, database ${pathname.slice(1)}).`,
      nextStep: `${nextStep}, then run the command again.`,
      cause,
    });
  }
}

/** By the code of the system or of PostgreSQL. */
const reasons: readonly (readonly [codes: RegExp, why: string, nextStep: string])[] = [
  [/^E(CONN|TIMEDOUT|HOST|NET|PIPE)/, "no server answers there", "Start that server, or correct DATABASE_URL"],
  [/^(ENOTFOUND|EAI_AGAIN)$/, "its name is not known", "Correct the host in DATABASE_URL, or look at name resolution"],
  [/^28/, "it refuses the login", "Correct the user in DATABASE_URL and the password in DATABASE_PASSWORD_FILE"],
  [/^3D000$/, "it has no such database", "Make the database, or correct its name in DATABASE_URL"],
  [/^(57P|53)/, "it takes no connections now", "Look at that server's log"],
];

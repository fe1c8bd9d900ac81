/** Which database a restored installation may start with: the one its home belongs to, under the same name, and no empty one. */
import pg from "pg";
import { SetupError } from "../domain/setup-error.ts";
import { tellingDatabaseAway } from "./external-database.ts";
import type { RestoredMark } from "./restored-mark.ts";

/**
 * Looks before anything is made or migrated: an installation that began anew in an empty database would take its own
 * deployments for somebody else's.
 * @param databaseUrl DATABASE_URL's server; undefined where the embedded one is to be used
 * @throws SetupError `backup-unfit`, or `postgres-unavailable` when that server cannot be asked
 */
export async function checkRestoredDatabase(mark: RestoredMark, databaseUrl: string | undefined): Promise<void> {
  const unfit = unfitOf(mark, databaseUrl);
  if (unfit !== undefined) throw unfit;
  if (databaseUrl === undefined) return;
  if (await tellingDatabaseAway(databaseUrl, () => holdsAnInstallation(databaseUrl))) return;
  throw refusal(
    `the database ${nameOf(databaseUrl)} at ${new URL(databaseUrl).host} holds nothing of Onvera`,
    "Bring that server's own copy back there (made after 'onvera backup', with its roles and all of its databases)",
  );
}

/** What can be told without asking a server. */
export function unfitOf({ externalDatabase }: RestoredMark, databaseUrl: string | undefined): SetupError | undefined {
  if (externalDatabase === undefined) {
    if (databaseUrl === undefined) return undefined;
    return refusal("its backup holds the database, and DATABASE_URL names another server", "Unset DATABASE_URL");
  }
  if (databaseUrl === undefined) {
    return refusal(
      "its database is on a server of your own, and DATABASE_URL is not set",
      `Set DATABASE_URL to the database '${externalDatabase}' of the server that was brought back`,
    );
  }
  if (nameOf(databaseUrl) === externalDatabase) return undefined;
  return refusal(
    `its database was named '${externalDatabase}', which every stack's state is kept under, and DATABASE_URL names '${nameOf(databaseUrl)}'`,
    "Bring the database back under its name, and correct DATABASE_URL",
  );
}

const nameOf = (databaseUrl: string): string => decodeURIComponent(new URL(databaseUrl).pathname.slice(1));

const refusal = (why: string, nextStep: string): SetupError =>
  new SetupError("backup-unfit", {
    what: "The restored installation cannot start",
    why: `${why}.`,
    nextStep: `${nextStep}, then start it again.`,
  });

async function holdsAnInstallation(databaseUrl: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ found: boolean }>(
      "SELECT to_regclass('onvera.operations') IS NOT NULL AND to_regclass('pulumi.pulumi_state') IS NOT NULL AS found",
    );
    return rows[0]?.found === true;
  } finally {
    await client.end();
  }
}

/** `onvera backup`: the installation as one encrypted file, made while it runs. */
import path from "node:path";
import { runStep } from "../domain/progress.ts";
import { SetupError } from "../domain/setup-error.ts";
import type { About } from "../local/backup/entries.ts";
import { DATABASE, homeFiles } from "../local/backup/home-files.ts";
import type { Source } from "../local/backup/sources.ts";
import { type BackupResult, writeBackup } from "../local/backup/write-backup.ts";
import { copyCluster } from "../local/postgres/base-copy.ts";
import { superuserConnection } from "../local/postgres/embedded.ts";
import { type Installation, openRunningInstallation } from "./installation.ts";
import { recordBackup } from "./record-backup.ts";
import { alone } from "./rotation-turn.ts";
import type { Verb } from "./verb.ts";
import { version } from "./version.ts";

const MEBIBYTE = 1024 * 1024;

export const runBackup: Verb = async (options, io) => {
  const installation = await openRunningInstallation();
  try {
    const now = new Date();
    const to = path.resolve(
      typeof options.to === "string" ? options.to : path.join(installation.paths.backups, defaultName(now)),
    );
    const startedAt = Date.now();
    const step = { name: "backup", message: "Copying the installation", estimateSeconds: 10 };
    const result = await runStep(io.progress, step, (running) =>
      // A key file and a database of two different moments would not fit.
      alone(installation.store, async () =>
        writeBackup({
          to,
          passphrase: passphraseOf(options.passphrase),
          about: await aboutOf(installation, now),
          sources: sourcesOf(installation),
          onBytes: (bytes) => running.update(`Copying the installation (${Math.round(bytes / MEBIBYTE)} MiB)`),
          signal: io.signal,
        }),
      ),
    );
    await recordBackup(installation, path.basename(to), result);
    const seconds = Math.round((Date.now() - startedAt) / 100) / 10;
    tell(options.output === "json", io.out, { to, seconds, result, installation });
    return 0;
  } finally {
    await installation.close();
  }
};

const defaultName = (now: Date): string => `onvera-${now.toISOString().slice(0, 19).replaceAll(":", "-")}Z.backup`;

async function aboutOf({ paths, store, embedded, databaseUrl }: Installation, now: Date): Promise<About> {
  const { rows } = await store.pool.query<{ major: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS major",
  );
  return {
    format: 1,
    onvera_version: version,
    created_at: now.toISOString(),
    home: paths.home,
    is_root: paths.isRoot,
    postgres_major: embedded ? (rows[0]?.major ?? null) : null,
    database_name: decodeURIComponent(new URL(databaseUrl).pathname.slice(1)),
  };
}

/** The home first and the database last: what came meanwhile is then in the database, which can make folders anew, not the other way round. */
async function* sourcesOf({ paths, embedded }: Installation): AsyncGenerator<Source, void, void> {
  yield* homeFiles(paths.home);
  if (embedded) yield* copyCluster(await superuserConnection(paths), paths.postgres.data, DATABASE);
}

interface Told {
  to: string;
  seconds: number;
  result: BackupResult;
  installation: Installation;
}

function tell(asJson: boolean, out: (text: string) => void, { to, seconds, result, installation }: Told): void {
  const { embedded } = installation;
  if (asJson) {
    const { bytes, contentBytes: content_bytes, files } = result;
    out(
      `${JSON.stringify({ file: to, bytes, content_bytes, files, seconds, database: embedded ? "included" : "external" }, null, 2)}\n`,
    );
    return;
  }
  const size = (bytes: number) => `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
  out(`${to}: ${size(result.bytes)}, of ${size(result.contentBytes)} in ${result.files} files, in ${seconds} s.\n`);
  if (!embedded)
    out(
      "Your own database server (DATABASE_URL) is not in it: copy the whole server with its own tools (snapshot, pg_basebackup) now.\n",
    );
  out("Keep it on another machine, and its passphrase apart from it.\n");
}

/** Also for the restore: the file is of no use to whoever has not got this. */
export function passphraseOf(given: unknown): string {
  if (typeof given === "string" && given !== "") return given;
  throw new SetupError("backup-unreadable", {
    what: "There is no passphrase",
    why: "the file or the input it was to come from is empty.",
    nextStep: "Give it with --passphrase-file, or at the terminal.",
  });
}

/** `onvera restore`: an installation from a backup, on another port and path if wanted; starts nothing. */
import { rm } from "node:fs/promises";
import path from "node:path";
import { runStep } from "../domain/progress.ts";
import { SetupError } from "../domain/setup-error.ts";
import type { About } from "../local/backup/entries.ts";
import { type RestoreResult, readBackup } from "../local/backup/read-backup.ts";
import { adaptRecords } from "../local/backup/restored-records.ts";
import { currentProcess, type OnveraPaths, resolvePaths } from "../local/paths.ts";
import { ensurePostgresBinaries } from "../local/postgres/binaries.ts";
import { databasePortIsFree } from "../local/postgres/embedded.ts";
import { passphraseOf } from "./backup.ts";
import { writeRestoredMark } from "./restored-mark.ts";
import { adaptPorts } from "./settings.ts";
import type { Verb } from "./verb.ts";
import { version } from "./version.ts";

const MEBIBYTE = 1024 * 1024;

export const runRestore: Verb = async (options, io) => {
  const [file] = Array.isArray(options.args) ? options.args.map(String) : [];
  const own = currentProcess();
  const environment =
    typeof options.home === "string" ? { ...own.environment, ONVERA_HOME: options.home } : own.environment;
  const paths = resolvePaths({ ...own, environment });
  const apiPort = wantedPort(options.port);
  const passphrase = passphraseOf(options.passphrase);
  const startedAt = Date.now();
  const step = { name: "restore", message: "Checking and unpacking the backup", estimateSeconds: 15 };
  const result = await runStep(io.progress, step, (running) =>
    readBackup({
      from: path.resolve(file ?? ""),
      passphrase,
      home: paths.home,
      check: async (about) => {
        checkFit(about, paths.isRoot);
        if (about.postgres_major !== null) await checkServer(about, paths);
      },
      adapt: (draft, about) => adapt(draft, about, paths.home, apiPort),
      onBytes: (bytes) => running.update(`Checking and unpacking the backup (${Math.round(bytes / MEBIBYTE)} MiB)`),
    }),
  );
  const seconds = Math.round((Date.now() - startedAt) / 100) / 10;
  tell(options.output === "json", io.out, {
    home: paths.home,
    seconds,
    result,
    isDefault: resolvePaths().home === paths.home,
  });
  return 0;
};

function wantedPort(given: unknown): number | undefined {
  if (given === undefined) return undefined;
  const port = Number(given);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new SetupError("invalid-setting", {
    what: `--port is '${String(given)}'`,
    why: "it must be a whole number from 1 to 65535.",
    nextStep: "Correct it, or leave it out to keep the port of before.",
  });
}

/** @throws SetupError `backup-unfit` */
function checkFit(about: About, isRoot: boolean): void {
  if (isNewer(about.onvera_version, version)) {
    throw unfit(
      `it was made by Onvera ${about.onvera_version}, and this is ${version}`,
      "Install that version or a newer one.",
    );
  }
  if (about.is_root !== isRoot) {
    throw unfit(
      about.is_root
        ? "its deployments have user ids of their own, which takes root"
        : "it was made by an ordinary user",
      about.is_root ? "Run the command as root." : "Run the command as an ordinary user.",
    );
  }
}

/** Only where the backup holds a database: who has a server of his own needs none of ours. @throws SetupError `backup-unfit` */
async function checkServer(about: About, paths: OnveraPaths): Promise<void> {
  const { version: serverVersion } = await ensurePostgresBinaries(paths.postgresBinaries);
  const serverMajor = Number.parseInt(serverVersion, 10);
  if (about.postgres_major === serverMajor) return;
  throw unfit(
    `its database is of PostgreSQL ${about.postgres_major}, and this version brings ${serverMajor}`,
    `Restore it with Onvera ${about.onvera_version}, then upgrade.`,
  );
}

const unfit = (why: string, nextStep: string): SetupError =>
  new SetupError("backup-unfit", { what: "The backup cannot be restored here", why: `${why}.`, nextStep });

function isNewer(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => text.split(/[.-]/).slice(0, 3).map(Number));
  const at = left?.findIndex((part, index) => part !== right?.[index]) ?? -1;
  return at >= 0 && (left?.[at] ?? 0) > (right?.[at] ?? 0);
}

async function adapt(draft: string, about: About, home: string, apiPort: number | undefined): Promise<void> {
  await adaptRecords(draft, { before: about.home, after: home });
  await adaptPorts(path.join(draft, "settings.json"), apiPort);
  const databaseSettings = resolvePaths({
    ...currentProcess(),
    environment: { ONVERA_HOME: draft, ONVERA_CACHE: draft },
  }).postgres.settings;
  // The server chooses another one at its first start; apps learn of it when they are reconciled.
  if (!(await databasePortIsFree(databaseSettings))) await rm(databaseSettings, { force: true });
  await writeRestoredMark(draft, {
    createdAt: about.created_at,
    restoredAt: new Date().toISOString(),
    from: about.home,
    ...(about.postgres_major === null && { externalDatabase: about.database_name }),
  });
}

interface Told {
  home: string;
  seconds: number;
  result: RestoreResult;
  /** Whether commands find it without being told where. */
  isDefault: boolean;
}

function tell(asJson: boolean, out: (text: string) => void, { home, seconds, result, isDefault }: Told): void {
  const { about, bytes, files } = result;
  if (asJson) {
    const database = about.postgres_major === null ? "external" : "included";
    out(`${JSON.stringify({ home, backup_made_at: about.created_at, bytes, files, seconds, database }, null, 2)}\n`);
    return;
  }
  out(
    `Restored to ${home} as of ${about.created_at}: ${files} files, ${(bytes / MEBIBYTE).toFixed(1)} MiB, in ${seconds} s.\n`,
  );
  if (about.postgres_major === null)
    out(
      `Its database '${about.database_name}' was on a server of your own: bring that server back with its own tools, and start with DATABASE_URL set to it.\n`,
    );
  out(
    `Make sure that the installation it was made of runs no more. Then: ${isDefault ? "" : `ONVERA_HOME=${home} `}onvera start --background\n`,
  );
}

/** Makes a new database cluster, whole or not at all. */
import { randomUUID } from "node:crypto";
import { chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { SetupError, systemErrorCode } from "../../domain/setup-error.ts";
import { diskFull } from "../prepare-folders.ts";
import type { PostgresBinaries } from "./binaries.ts";
import { runAs } from "./run-as.ts";
import type { ServerUser } from "./server-user.ts";

export const superuserName = "postgres";

export interface NewCluster {
  binaries: PostgresBinaries;
  /** The folder to make; the folder above it must exist and be ours. */
  data: string;
  user: ServerUser;
  superuserPassword: string;
  /** False skips the flush to disk, and makes small write-ahead log files. */
  durable: boolean;
  signal?: AbortSignal;
}

/**
 * Runs initdb beside `data` and renames the result, so that a kill half-way leaves nothing that looks like a cluster.
 * Text sorts by code point and Unicode case rules come from PostgreSQL itself, not from this machine's C library:
 * a later system upgrade cannot corrupt an index.
 * @throws SetupError `disk-full`, `postgres-failed`
 */
export async function createCluster(cluster: NewCluster): Promise<void> {
  const { binaries, data, user, superuserPassword, durable, signal } = cluster;
  await removeDrafts(data);
  const draft = `${data}.draft-${randomUUID()}`;
  const passwordFile = `${draft}.password`;
  try {
    await mkdir(draft, { mode: 0o700 });
    await writeFile(passwordFile, superuserPassword, { mode: 0o600 });
    if (user.isOther) for (const given of [draft, passwordFile]) await chown(given, user.uid, user.gid);
    const { exitCode, output } = await runAs(user, binaries.initdb, {
      argv: [
        `--pgdata=${draft}`,
        `--username=${superuserName}`,
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-instructions",
        ...(durable ? [] : ["--no-sync", "--wal-segsize=1"]),
      ],
      cwd: draft,
      ...(signal ? { signal } : {}),
    });
    if (exitCode !== 0) throw initFailed(data, output);
    await rename(draft, data);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(draft, { recursive: true, force: true });
  }
}

/**
 * True when a cluster of our major version is there; false when there is none yet.
 * @throws SetupError when the folder holds something else
 */
export async function clusterExists(data: string, binaries: PostgresBinaries): Promise<boolean> {
  try {
    await stat(data);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return false;
    throw error;
  }
  const found = await readFile(path.join(data, "PG_VERSION"), "utf8").catch(() => "");
  const major = binaries.version.split(".")[0];
  if (found.trim() === major) return true;
  throw new SetupError("folder-unusable", {
    what: `The database folder ${data} cannot be used`,
    why: found ? `it was made by PostgreSQL ${found.trim()}, and this is ${major}.` : "it holds no PostgreSQL cluster.",
    nextStep: "Move it away to begin with an empty database, or restore it from a backup.",
  });
}

async function removeDrafts(data: string): Promise<void> {
  const folder = path.dirname(data);
  const prefix = `${path.basename(data)}.draft-`;
  for (const name of await readdir(folder))
    if (name.startsWith(prefix)) await rm(path.join(folder, name), { recursive: true, force: true });
}

function initFailed(data: string, output: string): SetupError {
  if (output.includes("No space left on device")) return diskFull(data);
  const unnamed = output.includes("could not look up effective user ID");
  return new SetupError("postgres-failed", {
    what: "The database could not be made",
    why: unnamed ? "this uid has no entry in the password database, and PostgreSQL insists on one." : lastLines(output),
    nextStep: unnamed
      ? "Add the uid to /etc/passwd, run as another user, or give an own server with DATABASE_URL."
      : "Mend what it says, then run the command again.",
  });
}

const lastLines = (output: string) => `initdb said: ${output.trim().split("\n").slice(-4).join(" · ")}`;

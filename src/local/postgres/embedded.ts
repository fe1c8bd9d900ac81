/** The database server of this machine: made when missing, started when down, joined when it runs already. */
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { z } from "zod";
import { type Progress, runStep } from "../../domain/progress.ts";
import { SetupError, systemErrorCode } from "../../domain/setup-error.ts";
import { withLock } from "../lock-file.ts";
import type { OnveraPaths } from "../paths.ts";
import { ownFolder, prepareFolders, tellingDiskFull } from "../prepare-folders.ts";
import { ensurePostgresBinaries, type PostgresBinaries } from "./binaries.ts";
import { clusterExists, createCluster, superuserName } from "./cluster.ts";
import { findFreePort, findListener, isFree } from "./ports.ts";
import { runningPostmaster } from "./postmaster.ts";
import { hostAccess, serverConfig } from "./server-config.ts";
import { portTaken, type ServerPlace, startServer, stopServer } from "./server-process.ts";
import { assertReachable, type ServerUser, serverUser } from "./server-user.ts";

export interface EmbeddedPostgres {
  host: string;
  port: number;
  superuser: string;
  /** 0600; holds the superuser's password and nothing else. */
  passwordFile: string;
  socketFolder: string;
  pid: number;
  version: string;
  /** True when this call started the server, false when it ran already. */
  started: boolean;
  /** For use inside this process only: it holds the password. */
  connectionString(database?: string): string;
  /** Stops the server, for everybody. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  paths: OnveraPaths;
  progress: Progress;
  /** Takes effect at the next start of the server. */
  maxConnections: number;
  signal?: AbortSignal;
}

const Settings = z.object({ port: z.number().int().min(1024).max(65_535) });

/**
 * Gives the running server, making and starting it where needed. Any number of processes may call it at once.
 * @throws SetupError with the next step: `port-taken`, `disk-full`, `folder-unusable`, `user-missing`, `postgres-*`
 */
export async function ensureEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return tellingDiskFull(options.paths.home, () => ensure(options));
}

async function ensure(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { paths, progress, signal } = options;
  await prepareFolders(paths);
  const binaries = await runStep(
    progress,
    { name: "postgres-binaries", message: "PostgreSQL programs", estimateSeconds: 1 },
    () => ensurePostgresBinaries(paths.postgresBinaries),
  );
  const user = await serverUser(paths.postgres.data);
  await prepareServerFolders(paths, user);
  return withLock(paths.postgres.lock, signal ? { signal } : {}, async () => {
    const password = await ensureCluster(options, binaries, user);
    return runStep(progress, { name: "postgres-start", message: "PostgreSQL", estimateSeconds: 1 }, async (step) => {
      const { pid, port, started } = await joinOrStart(options, binaries, user);
      step.done(`PostgreSQL ${binaries.version.split("-")[0]} on 127.0.0.1:${port}`);
      return {
        host: "127.0.0.1",
        port,
        superuser: superuserName,
        passwordFile: paths.postgres.passwordFile,
        socketFolder: paths.postgres.socketFolder,
        pid,
        version: binaries.version,
        started,
        connectionString: (database = "postgres") =>
          `postgres://${superuserName}:${password}@127.0.0.1:${port}/${database}`,
        stop: async () => void (await stopEmbeddedPostgres(paths)),
      };
    });
  });
}

/**
 * Stops the server of this installation.
 * @returns false when it was not running
 */
export async function stopEmbeddedPostgres(paths: OnveraPaths): Promise<boolean> {
  if (!(await runningPostmaster(paths.postgres.data))) return false;
  return withLock(paths.postgres.lock, {}, () => stopServer(paths.postgres.data));
}

/** The superuser's connection string to the running server. @throws SetupError `not-started` */
export async function superuserConnection(paths: OnveraPaths): Promise<string> {
  const server = await runningPostmaster(paths.postgres.data);
  const password = await readOptional(paths.postgres.passwordFile);
  if (server && password) return `postgres://${superuserName}:${password}@127.0.0.1:${server.port}/postgres`;
  throw new SetupError("not-started", {
    what: "The database cannot be asked",
    why: server ? `${paths.postgres.passwordFile} is missing.` : "it does not run.",
    nextStep: "Start it with 'onvera start'.",
  });
}

/** Whether the port a stopped server was given can still be had; true where it has none yet. */
export async function databasePortIsFree(settingsFile: string): Promise<boolean> {
  const chosen = Settings.safeParse(JSON.parse((await readOptional(settingsFile)) ?? "{}")).data;
  return chosen === undefined || isFree(chosen.port);
}

async function prepareServerFolders(paths: OnveraPaths, user: ServerUser): Promise<void> {
  const { root, logs, socketFolder } = paths.postgres;
  await ownFolder(root, user.isOther ? 0o711 : 0o700);
  for (const folder of [logs, socketFolder]) {
    if (!user.isOther) {
      await ownFolder(folder, 0o700);
      continue;
    }
    // The parent is ours and closed to writing by others, so nobody can have put a link here.
    await mkdir(folder, { recursive: true });
    await chown(folder, user.uid, user.gid);
    await chmod(folder, folder === logs ? 0o700 : 0o755);
  }
  await assertReachable(root, user);
  await assertReachable(paths.postgresBinaries, user);
}

/** @returns the superuser's password */
async function ensureCluster(
  { paths, progress, signal }: EmbeddedPostgresOptions,
  binaries: PostgresBinaries,
  user: ServerUser,
): Promise<string> {
  const { data, passwordFile } = paths.postgres;
  const isThere = await clusterExists(data, binaries);
  const known = await readOptional(passwordFile);
  if (isThere && known) return known;
  if (isThere)
    throw new SetupError("postgres-failed", {
      what: "The database's password is lost",
      why: `${data} holds a database, and ${passwordFile} is missing.`,
      nextStep: "Put the file back from a backup of the secrets folder.",
    });
  const password = known ?? randomBytes(24).toString("base64url");
  if (!known) await writeWhole(passwordFile, password, 0o600);
  const step = { name: "postgres-initdb", message: "A new database cluster", estimateSeconds: 3 };
  await runStep(progress, step, () =>
    createCluster({ binaries, data, user, superuserPassword: password, durable: true, ...(signal ? { signal } : {}) }),
  );
  return password;
}

async function joinOrStart(
  { paths, maxConnections, signal }: EmbeddedPostgresOptions,
  binaries: PostgresBinaries,
  user: ServerUser,
): Promise<{ pid: number; port: number; started: boolean }> {
  const running = await runningPostmaster(paths.postgres.data);
  if (running?.isReady) return { ...running, started: false };
  // A server caught half-way in or out of running is ended first; nothing is lost by that.
  if (running) await stopServer(paths.postgres.data);
  const chosen = Settings.safeParse(JSON.parse((await readOptional(paths.postgres.settings)) ?? "{}")).data;
  for (let attempt = 1; ; attempt++) {
    const port = chosen?.port ?? (await findFreePort());
    if (chosen && !(await isFree(port))) throw portTaken(port, await findListener(port), paths.postgres.settings);
    const place = await writeConfig(paths, { binaries, user, port, maxConnections });
    try {
      const { pid } = await startServer(place, signal ? { signal } : {});
      if (!chosen) await writeWhole(paths.postgres.settings, `${JSON.stringify({ port })}\n`, 0o600);
      return { pid, port, started: true };
    } catch (error) {
      // On the first start another program may take the port between our look and the server's.
      const mayTryAgain = !chosen && attempt < 5 && error instanceof SetupError && error.code === "port-taken";
      if (!mayTryAgain) throw error;
    }
  }
}

interface Configuration {
  binaries: PostgresBinaries;
  user: ServerUser;
  port: number;
  maxConnections: number;
}

async function writeConfig(
  paths: OnveraPaths,
  { binaries, user, port, maxConnections }: Configuration,
): Promise<ServerPlace> {
  const { data, logs, config, hostAccess: hostAccessFile, startLog, socketFolder } = paths.postgres;
  const text = serverConfig({ port, socketFolder, hostAccessFile, logFolder: logs, maxConnections, durable: true });
  await writeWhole(hostAccessFile, hostAccess(), 0o644);
  await writeWhole(config, text, 0o644);
  return { binaries, user, data, configFile: config, socketFolder, port, startLog, logFolder: logs };
}

async function readOptional(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, "utf8")).trim() || undefined;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Readers see the old text or the new one, never half of it. */
async function writeWhole(file: string, text: string, mode: number): Promise<void> {
  const draft = `${file}.${randomBytes(4).toString("hex")}`;
  try {
    await writeFile(draft, text, { mode, flush: true });
    // The caller's umask may have taken bits away that the server's uid needs.
    await chmod(draft, mode);
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

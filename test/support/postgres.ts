/**
 * A PostgreSQL server for tests: real, empty, on a free loopback port, in a scratch folder, gone with the test process
 * whatever way that ends. A cluster is made once per machine and copied, so that a start takes about half a second.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmod, chown, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { withLock } from "../../src/local/lock-file.ts";
import { resolvePaths } from "../../src/local/paths.ts";
import { ensurePostgresBinaries, type PostgresBinaries } from "../../src/local/postgres/binaries.ts";
import { createCluster, superuserName } from "../../src/local/postgres/cluster.ts";
import { ensureControlDatabase } from "../../src/local/postgres/control-database.ts";
import { findFreePort } from "../../src/local/postgres/ports.ts";
import { hostAccess, serverConfig } from "../../src/local/postgres/server-config.ts";
import { startServer, stopServer } from "../../src/local/postgres/server-process.ts";
import { type ServerUser, serverUser } from "../../src/local/postgres/server-user.ts";
import { prepareFolders } from "../../src/local/prepare-folders.ts";
import { processIdentity } from "../../src/local/process-identity.ts";

const run = promisify(execFile);

export interface ScratchPostgres {
  host: "127.0.0.1";
  port: number;
  superuser: string;
  password: string;
  pid: number;
  /** Its data folder. */
  data: string;
  /** `postgres://…` of the superuser, for one database (`postgres` when none is named). */
  connectionString(database?: string): string;
  /** Makes an empty database and gives its connection string. */
  createDatabase(name?: string): Promise<string>;
  /** Makes an empty control-plane database with its own non-superuser role, and gives that role's connection string. */
  createControlDatabase(): Promise<string>;
  /** Ends the server as a crash would: nothing is rolled back or written out. */
  crash(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Starts it again should it have ended by itself. */
  revive(): Promise<void>;
  /** Stops the server and removes its folder; a second call does nothing. */
  stop(): Promise<void>;
}

/** Not a secret: these servers listen on loopback, hold test data and live for minutes. */
const password = "scratch";

/** Starts a server of its own. Call `stop()` in afterAll; should the process die first, the server is ended for it. */
export async function startScratchPostgres({
  maxConnections = 100,
  durable = false,
  parent = os.tmpdir(),
  copyOf,
}: {
  maxConnections?: number;
  /** What was committed survives a crash; for tests that crash it. */
  durable?: boolean;
  /** Where its folder is made. */
  parent?: string;
  /** A server to begin as a copy of, as its owner would make one, while it goes on. */
  copyOf?: ScratchPostgres;
} = {}): Promise<ScratchPostgres> {
  const paths = resolvePaths();
  await prepareFolders(paths);
  const binaries = await ensurePostgresBinaries(paths.postgresBinaries);
  const user = await serverUser("/nonexistent");
  const template = await clusterTemplate(paths.postgresBinaries, binaries, user);
  const folder = await mkdtemp(path.join(parent, "onvera-pg-"));
  const data = path.join(folder, "data");
  if (user.isOther) await chmod(folder, 0o711);
  await (copyOf ? copyRunningServer(copyOf, data) : run("cp", ["-a", template, data]));
  const socketFolder = path.join(folder, "run");
  await mkdir(socketFolder);
  if (user.isOther) await chown(socketFolder, user.uid, user.gid);
  const place = {
    binaries,
    user,
    data,
    socketFolder,
    configFile: path.join(folder, "conf"),
    startLog: path.join(folder, "log"),
  };
  const hostAccessFile = path.join(folder, "hba");
  await writeFile(hostAccessFile, hostAccess());
  const started = await retryOnTakenPort(async (port) => {
    await writeFile(place.configFile, serverConfig({ port, socketFolder, hostAccessFile, maxConnections, durable }));
    return startServer({ ...place, port });
  });
  const { port } = started;
  let { pid } = started;
  let reaper = startReaper(pid, folder);
  let identity = await processIdentity(pid);
  const restart = async () => {
    reaper.kill("SIGKILL");
    ({ pid } = await startServer({ ...place, port }));
    identity = await processIdentity(pid);
    reaper = startReaper(pid, folder);
  };
  const connectionString = (database = "postgres") =>
    `postgres://${superuserName}:${password}@127.0.0.1:${port}/${database}`;
  let stopped: Promise<void> | undefined;
  return {
    host: "127.0.0.1",
    port,
    superuser: superuserName,
    password,
    data,
    get pid() {
      return pid;
    },
    connectionString,
    async createDatabase(name = `scratch_${randomUUID().replaceAll("-", "")}`) {
      const client = new pg.Client({ connectionString: connectionString() });
      await client.connect();
      await client.query(`CREATE DATABASE "${name}"`).finally(() => client.end());
      return connectionString(name);
    },
    createControlDatabase() {
      const name = `onvera_${randomUUID().slice(0, 8)}`;
      return ensureControlDatabase(connectionString(), { role: name, database: name, password });
    },
    async crash() {
      process.kill(pid, "SIGQUIT");
      while ((await processIdentity(pid)) === identity) await pause(5);
    },
    restart,
    async revive() {
      if ((await processIdentity(pid)) !== identity) await restart();
    },
    stop() {
      stopped ??= stopServer(data, { timeoutSeconds: 5 }).then(async () => {
        reaper.kill("SIGKILL");
        await rm(folder, { recursive: true, force: true });
      });
      return stopped;
    },
  };
}

/** As PostgreSQL's manual has it for files that are copied while they are written: all of them, then the log of that time. */
async function copyRunningServer(server: ScratchPostgres, to: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.connectionString() });
  await client.connect();
  try {
    await client.query("SELECT pg_create_physical_replication_slot('copied', true, true)");
    await client.query("SELECT pg_backup_start('copied', fast => true)");
    // What goes away while it is copied is what the log brings back.
    await run("cp", ["-a", server.data, to]).catch(() => undefined);
    const { rows } = await client.query<{ label: string }>(
      "SELECT labelfile AS label FROM pg_backup_stop(wait_for_archive => false)",
    );
    await run("cp", ["-a", "--force", path.join(server.data, "pg_wal"), to]);
    for (const name of ["postmaster.pid", "postmaster.opts", "pg_replslot/copied"]) {
      await rm(path.join(to, name), { recursive: true, force: true });
    }
    await writeFile(path.join(to, "backup_label"), rows[0]?.label ?? "");
    const { uid, gid } = await stat(to);
    await chown(path.join(to, "backup_label"), uid, gid);
  } finally {
    await client.end();
  }
}

/** One cluster per version in the cache, made by whichever test comes first. */
async function clusterTemplate(cache: string, binaries: PostgresBinaries, user: ServerUser): Promise<string> {
  const folder = path.join(cache, `test-cluster-${binaries.version}`);
  await mkdir(folder, { recursive: true });
  await chmod(folder, user.isOther ? 0o711 : 0o700);
  const template = path.join(folder, "data");
  await withLock(path.join(folder, "lock"), {}, async () => {
    const isThere = await stat(template).then(
      () => true,
      () => false,
    );
    if (!isThere) await createCluster({ binaries, data: template, user, superuserPassword: password, durable: false });
  });
  return template;
}

async function retryOnTakenPort<T>(start: (port: number) => Promise<T>, tries = 5): Promise<T> {
  try {
    return await start(await findFreePort());
  } catch (error) {
    if (tries > 1 && error instanceof Error && "code" in error && error.code === "port-taken")
      return retryOnTakenPort(start, tries - 1);
    throw error;
  }
}

/** Waits for the end of its input, which comes when this process ends in any way, even by SIGKILL. */
function startReaper(pid: number, folder: string): ChildProcess {
  const script = 'cat >/dev/null; kill -QUIT "$0"; sleep 1; rm -rf "$1"';
  const reaper = spawn("/bin/sh", ["-c", script, String(pid), folder], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  reaper.unref();
  const { stdin } = reaper;
  if (stdin && "unref" in stdin && typeof stdin.unref === "function") stdin.unref();
  return reaper;
}

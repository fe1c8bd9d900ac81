import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import * as esbuild from "esbuild";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProgress, type ProgressEvent, silentProgress } from "../../src/domain/progress.ts";
import { currentProcess, type OnveraPaths, resolvePaths } from "../../src/local/paths.ts";
import {
  type EmbeddedPostgres,
  ensureEmbeddedPostgres,
  stopEmbeddedPostgres,
} from "../../src/local/postgres/embedded.ts";
import { keepRunning } from "../../src/local/postgres/keep-running.ts";
import { findFreePort } from "../../src/local/postgres/ports.ts";
import { parsePostmasterPid, runningPostmaster } from "../../src/local/postgres/postmaster.ts";
import { parsePasswd } from "../../src/local/postgres/server-user.ts";
import { processIdentity } from "../../src/local/process-identity.ts";

const isRoot = process.geteuid?.() === 0;
const scratch: string[] = [];
const servers: OnveraPaths[] = [];
const helpers: ChildProcess[] = [];

/** An installation of its own; only the cache of programs is the machine's. */
async function newPaths(): Promise<OnveraPaths> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "onvera-embedded-"));
  scratch.push(folder);
  const environment = { ...process.env, ONVERA_HOME: folder };
  const paths = resolvePaths({ ...currentProcess(), environment });
  servers.push(paths);
  return paths;
}

const ensure = (paths: OnveraPaths, maxConnections = 40) =>
  ensureEmbeddedPostgres({ paths, progress: silentProgress, maxConnections });

async function query(server: EmbeddedPostgres, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: server.connectionString() });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Ends the server as a crash does and waits until it is gone. */
async function crash(pid: number): Promise<void> {
  const identity = await processIdentity(pid);
  process.kill(pid, "SIGKILL");
  await expect.poll(() => processIdentity(pid), { timeout: 10_000, interval: 10 }).not.toBe(identity);
}

afterAll(async () => {
  for (const helper of helpers) helper.kill("SIGKILL");
  for (const paths of servers) await stopEmbeddedPostgres(paths);
  for (const folder of scratch) await rm(folder, { recursive: true, force: true });
});

describe("the embedded PostgreSQL", () => {
  let paths: OnveraPaths;
  let first: EmbeddedPostgres;
  const events: ProgressEvent[] = [];
  beforeAll(async () => {
    paths = await newPaths();
    const progress = createProgress((event) => events.push(event));
    first = await ensureEmbeddedPostgres({ paths, progress, maxConnections: 40 });
  });

  it("is made durable, in UTF-8, with passwords, and on loopback only (design §7)", async () => {
    const [settings] = await query(
      first,
      `SELECT current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync, current_setting('wal_level') AS wal,
        current_setting('listen_addresses') AS addresses, current_setting('max_connections') AS connections,
        current_setting('password_encryption') AS passwords, current_setting('data_directory') AS data`,
    );
    expect(settings).toEqual({
      encoding: "UTF8",
      fsync: "on",
      wal: "replica",
      addresses: "127.0.0.1",
      connections: "40",
      passwords: "scram-sha-256",
      data: paths.postgres.data,
    });
  });

  it("tells each step of its making", () => {
    const done = events.filter(({ type }) => type === "done").map(({ step }) => step.name);
    expect(done).toEqual(["postgres-binaries", "postgres-initdb", "postgres-start"]);
  });

  it("keeps the password to this installation's user: a 0600 file, nothing on a command line or in a log", async () => {
    const password = (await readFile(first.passwordFile, "utf8")).trim();
    expect(password.length).toBeGreaterThan(20);
    expect((await stat(first.passwordFile)).mode & 0o777).toBe(0o600);
    expect(first.connectionString()).toContain(password);
    expect(JSON.stringify(events)).not.toContain(password);
    for (const file of [paths.postgres.config, paths.postgres.startLog, paths.postgres.settings])
      expect(await readFile(file, "utf8")).not.toContain(password);
    if (process.platform === "linux")
      expect(await readFile(`/proc/${first.pid}/cmdline`, "utf8")).not.toContain(password);
  });

  it("refuses a wrong password over TCP and over the unix socket alike", async () => {
    for (const host of [first.host, first.socketFolder]) {
      const client = new pg.Client({
        host,
        port: first.port,
        user: first.superuser,
        password: "wrong",
        database: "postgres",
      });
      await expect(client.connect()).rejects.toMatchObject({ code: "28P01" });
    }
  });

  it.runIf(isRoot)("runs as another uid than root, which owns its data and nothing of ours", async () => {
    const { uid } = await stat(paths.postgres.data);
    expect(uid).not.toBe(0);
    expect((await stat(`/proc/${first.pid}`)).uid).toBe(uid);
    expect((await stat(paths.postgres.config)).uid).toBe(0);
  });

  it("is joined, not started again, by the next caller", async () => {
    const second = await ensure(paths);
    expect(second).toMatchObject({ started: false, pid: first.pid, port: first.port });
  });

  it("comes back on its port with all that was committed after a crash, and with new settings after a stop", async () => {
    await query(first, "CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)");
    await crash(first.pid);
    const second = await ensure(paths);
    expect(second).toMatchObject({ started: true, port: first.port });
    expect(await query(second, "SELECT id FROM kept")).toEqual([{ id: 7 }]);
    await second.stop();
    expect(await stopEmbeddedPostgres(paths)).toBe(false);
    const third = await ensure(paths, 55);
    expect(await query(third, "SHOW max_connections")).toEqual([{ max_connections: "55" }]);
  });

  it("starts although the pid of its dead server is somebody else's by now, as after a reboot", async () => {
    const running = await ensure(paths);
    const pidFile = path.join(paths.postgres.data, "postmaster.pid");
    const lines = (await readFile(pidFile, "utf8")).split("\n");
    const owner = await stat(pidFile);
    await crash(running.pid);
    await writeFile(pidFile, [String(process.pid), ...lines.slice(1)].join("\n"));
    await chown(pidFile, owner.uid, owner.gid);
    expect(await runningPostmaster(paths.postgres.data)).toBeUndefined();
    expect(await ensure(paths)).toMatchObject({ started: true });
  });

  it("says who has its port and what to do, and starts once that is gone", async () => {
    await stopEmbeddedPostgres(paths);
    const intruder = net.createServer().listen(first.port, "127.0.0.1");
    await once(intruder, "listening");
    const who = process.platform === "linux" ? new RegExp(`process ${process.pid}`) : /another program/;
    await expect(ensure(paths)).rejects.toMatchObject({ code: "port-taken", why: expect.stringMatching(who) });
    intruder.close();
    await once(intruder, "close");
    expect(await ensure(paths)).toMatchObject({ started: true, port: first.port });
  });
});

describe("keepRunning", () => {
  it("brings a killed server back on its port, tells why while it cannot, and leaves a stopped watch's server alone", async () => {
    const paths = await newPaths();
    const server = await ensure(paths);
    const attempts: unknown[] = [];
    const keeper = keepRunning({
      data: paths.postgres.data,
      restart: () => ensure(paths),
      onAttempt: (failure) => attempts.push(failure),
      intervalSeconds: 0.05,
      longestPauseSeconds: 0.2,
    });
    await rename(server.passwordFile, `${server.passwordFile}.away`);
    await crash(server.pid);
    await expect.poll(() => attempts[0]).toMatchObject({ code: "postgres-failed" });
    await rename(`${server.passwordFile}.away`, server.passwordFile);
    await expect.poll(() => attempts.at(-1), { timeout: 30_000 }).toBeUndefined();
    expect(await runningPostmaster(paths.postgres.data)).toMatchObject({ port: server.port, isReady: true });
    await keeper.stop();
    await server.stop();
    expect(await runningPostmaster(paths.postgres.data)).toBeUndefined();
  });
});

describe("a new cluster", () => {
  it("is made once when many ask at the same time", async () => {
    const paths = await newPaths();
    const all = await Promise.all([ensure(paths), ensure(paths), ensure(paths)]);
    expect(all.filter(({ started }) => started)).toHaveLength(1);
    expect(new Set(all.map(({ pid }) => pid)).size).toBe(1);
  });

  it("is made after a kill in the middle of an earlier making", async () => {
    const paths = await newPaths();
    await mkdir(path.join(paths.postgres.root, "data.draft-1", "base"), { recursive: true });
    expect(await ensure(paths)).toMatchObject({ started: true });
    await expect(stat(path.join(paths.postgres.root, "data.draft-1"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("does not touch a folder that holds something else", async () => {
    const paths = await newPaths();
    await mkdir(paths.postgres.data, { recursive: true });
    if (isRoot) await chown(paths.postgres.data, 65_534, 65_534);
    await writeFile(path.join(paths.postgres.data, "thesis.txt"), "years of work");
    await expect(ensure(paths)).rejects.toMatchObject({ code: "folder-unusable" });
    expect(await readFile(path.join(paths.postgres.data, "thesis.txt"), "utf8")).toBe("years of work");
  });

  it.runIf(isRoot)("names the folder above it that the server's uid cannot pass", async () => {
    const outer = await mkdtemp(path.join(os.tmpdir(), "onvera-closed-"));
    scratch.push(outer);
    const environment = { ...process.env, ONVERA_HOME: path.join(outer, "home") };
    const paths = resolvePaths({ ...currentProcess(), environment });
    await expect(ensure(paths)).rejects.toThrow(new RegExp(`${outer} is closed .*chmod o\\+x ${outer}`));
  });

  it.runIf(isRoot)("refuses data that belongs to root, with the command that mends it", async () => {
    const paths = await newPaths();
    const server = await ensure(paths);
    await server.stop();
    await chown(paths.postgres.data, 0, 0);
    await expect(ensure(paths)).rejects.toThrow(/belongs to root.*chown -R/);
  });

  it("says that the password is lost rather than making another one", async () => {
    const paths = await newPaths();
    const server = await ensure(paths);
    await server.stop();
    await rename(server.passwordFile, `${server.passwordFile}.away`);
    await expect(ensure(paths)).rejects.toThrow(/password is lost.*backup/);
  });
});

describe("the server and the process that started it", () => {
  const repository = path.resolve(import.meta.dirname, "../..");
  let bundle: string;
  beforeAll(async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "onvera-bundle-"));
    scratch.push(folder);
    bundle = path.join(folder, "starter.mjs");
    const source = `
      import { ensureEmbeddedPostgres } from ${JSON.stringify(path.join(repository, "src/local/postgres/embedded.ts"))};
      import { resolvePaths } from ${JSON.stringify(path.join(repository, "src/local/paths.ts"))};
      import { silentProgress } from ${JSON.stringify(path.join(repository, "src/domain/progress.ts"))};
      const { pid, started } = await ensureEmbeddedPostgres({ paths: resolvePaths(), progress: silentProgress, maxConnections: 40 });
      process.stdout.write(JSON.stringify({ pid, started }));
      process.stdin.resume();`;
    const banner = {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    };
    await esbuild.build({
      stdin: { contents: source, resolveDir: repository },
      bundle: true,
      platform: "node",
      format: "esm",
      outfile: bundle,
      banner,
      external: ["pg-native"],
    });
  });

  async function startElsewhere(paths: OnveraPaths): Promise<{ pid: number; started: boolean; helper: ChildProcess }> {
    const env = { ...process.env, ONVERA_HOME: paths.home, NODE_PATH: path.join(repository, "node_modules") };
    const helper = spawn(process.execPath, [bundle], { env, stdio: ["pipe", "pipe", "inherit"] });
    helpers.push(helper);
    const ended = once(helper, "exit").then(() => Promise.reject(new Error("the helper ended before it answered")));
    const [text] = await Promise.race([once(helper.stdout, "data"), ended]);
    ended.catch(() => undefined);
    return { ...(JSON.parse(String(text)) as { pid: number; started: boolean }), helper };
  }

  it("outlives it, even when that is killed, and is joined by the next one", async () => {
    const paths = await newPaths();
    const { pid, started, helper } = await startElsewhere(paths);
    expect(started).toBe(true);
    helper.kill("SIGKILL");
    await once(helper, "exit");
    const joined = await ensure(paths);
    expect(joined).toMatchObject({ started: false, pid });
    expect(await query(joined, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it("is started once by processes that come at the same time", async () => {
    const paths = await newPaths();
    const all = await Promise.all([startElsewhere(paths), startElsewhere(paths), ensure(paths)]);
    expect(all.filter(({ started }) => started)).toHaveLength(1);
    expect(new Set(all.map(({ pid }) => pid)).size).toBe(1);
  });
});

describe("what is read from files", () => {
  it("takes a cut-off pid file for none", () => {
    expect(parsePostmasterPid("812\n/data\n17\n5433\n/run\n127.0.0.1\n 1 2\nready   \n")).toEqual({
      pid: 812,
      port: 5433,
      isReady: true,
    });
    expect(parsePostmasterPid("812\n/data\n17\n5433\n/run\n127.0.0.1\n 1 2\nstarting\n")?.isReady).toBe(false);
    expect(parsePostmasterPid("")).toBeUndefined();
    expect(parsePostmasterPid("-1\n")).toBeUndefined();
  });

  it("finds a user by its whole name only", () => {
    const text = "postgres-old:x:7:7::/:/bin/false\npostgres:x:101:104::/:/bin/false\n";
    expect(parsePasswd(text, "postgres")).toEqual({ uid: 101, gid: 104 });
    expect(parsePasswd(text, "post")).toBeUndefined();
  });

  it("gives a port that can be listened on", async () => {
    const server = net.createServer().listen(await findFreePort(), "127.0.0.1");
    await once(server, "listening");
    server.close();
    await once(server, "close");
  });
});

/** Several servers and workers, as processes of the real command line, against one PostgreSQL behind a line that can be spoiled. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { findFreePort } from "../../src/local/postgres/ports.ts";
import { withTestApps } from "../../test/support/bench-app.ts";
import { type Installation, makeInstallation } from "../../test/support/installation.ts";
import { type ScratchPostgres, startScratchPostgres } from "../../test/support/postgres.ts";
import { startTcpProxy, type TcpProxy } from "../../test/support/tcp-proxy.ts";
import { createMember, type Member } from "./member.ts";

export interface ClusterOptions {
  servers: number;
  workers: number;
  /** Operations that use the engine at once, per worker. */
  slots: number;
  leaseSeconds: number;
  /** How many files and connections each server may have open. */
  serverOpenFiles?: number;
  /** Another version's `./onvera`, for all of them. */
  launcher?: string;
}

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: looked into by tests of any route
  body: any;
}

export interface Cluster {
  servers: readonly Member[];
  /** Where each server listens on 127.0.0.1. */
  ports: readonly number[];
  /** The key of the first admin. */
  key: string;
  workers: readonly Member[];
  installation: Installation;
  postgres: ScratchPostgres;
  /** The line between PostgreSQL and everybody else. */
  line: TcpProxy;
  /** Asks one server, the n-th when given; rejects when it does not answer. */
  call(
    method: string,
    path: string,
    options?: { body?: unknown; headers?: Record<string, string>; server?: number },
  ): Promise<Answer>;
  /** Asks PostgreSQL past the line, as its superuser: the control plane's database unless another is named. */
  ask<T extends object>(statement: string, values?: unknown[], database?: string): Promise<T[]>;
  stop(): Promise<void>;
}

const CALL_MILLISECONDS = 15_000;

/** Starts all of it. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const postgres = await startScratchPostgres({ durable: true, maxConnections: 300 });
  const direct = new URL(await postgres.createControlDatabase());
  const controlDatabase = direct.pathname.slice(1);
  const line = await startTcpProxy(postgres.port);
  const url = new URL(direct);
  url.port = String(line.port);
  const installation = makeInstallation({
    ...withTestApps,
    DATABASE_URL: url.href,
    ONVERA_MASTER_KEY: randomBytes(32).toString("base64"),
    ONVERA_WORKER_SLOTS: String(options.slots),
    ONVERA_LEASE_SECONDS: String(options.leaseSeconds),
    ONVERA_LOG_LEVEL: "warn",
  });
  // A run that is broken off leaves no process behind.
  const killAll = () => {
    for (const pid of installation.processes()) process.kill(pid, "SIGKILL");
  };
  process.once("exit", killAll);
  const ports: number[] = [];
  const servers: Member[] = [];
  for (let index = 0; index < options.servers; index++) {
    const port = await findFreePort();
    ports.push(port);
    servers.push(
      createMember(`server ${index + 1}`, {
        installation,
        verb: "server",
        env: { ONVERA_API_PORT: String(port) },
        launcher: options.launcher,
        ...(options.serverOpenFiles === undefined ? {} : { openFiles: options.serverOpenFiles }),
      }),
    );
  }
  const workers = Array.from({ length: options.workers }, (_, index) =>
    createMember(`worker ${index + 1}`, { installation, verb: "worker", env: {}, launcher: options.launcher }),
  );
  // The first one makes folders, keys and the first admin; the others find them.
  await servers[0]?.start();
  await Promise.all([...servers.slice(1), ...workers].map((member) => member.start()));
  const key = readFileSync(path.join(installation.folder, "home", "secrets", "cli-api-key"), "utf8").trim();

  return {
    servers,
    ports,
    key,
    workers,
    installation,
    postgres,
    line,
    async call(method, route, { body, headers, server = 0 } = {}) {
      const answer = await fetch(`http://127.0.0.1:${ports[server]}/api/v1${route}`, {
        method,
        headers: {
          "x-api-key": key,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(CALL_MILLISECONDS),
      });
      const text = await answer.text();
      return { status: answer.status, headers: answer.headers, body: text === "" ? undefined : JSON.parse(text) };
    },
    async ask<T extends object>(statement: string, values: unknown[] = [], database = controlDatabase) {
      const client = new pg.Client({ connectionString: postgres.connectionString(database) });
      client.on("error", () => undefined);
      await client.connect();
      try {
        return (await client.query<T>(statement, values)).rows;
      } finally {
        await client.end().catch(() => undefined);
      }
    },
    async stop() {
      line.mend();
      for (const member of [...workers, ...servers]) member.resume();
      await Promise.all([...workers, ...servers].map((member) => member.kill()));
      await installation.remove().catch(() => undefined);
      process.off("exit", killAll);
      await line.close();
      await postgres.stop();
    },
  };
}

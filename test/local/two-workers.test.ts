/** Server and workers as processes of their own against one DATABASE_URL (issue: two workers share the queue). */
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findFreePort } from "../../src/local/postgres/ports.ts";
import { withTestApps } from "../support/bench-app.ts";
import { type Installation, makeInstallation } from "../support/installation.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

const DEPLOYMENTS = 6;

let postgres: ScratchPostgres;
let database: pg.Client;
let here: Installation;
let elsewhere: Installation;
let apiUrl: string;
let migrations: { code: number | null; stdout: string }[];
const processes: ChildProcess[] = [];

beforeAll(async () => {
  postgres = await startScratchPostgres();
  const connectionString = await postgres.createControlDatabase();
  const apiPort = await findFreePort();
  apiUrl = `http://127.0.0.1:${apiPort}/api/v1`;
  const shared = {
    ...withTestApps,
    DATABASE_URL: connectionString,
    ONVERA_MASTER_KEY: randomBytes(32).toString("base64"),
    ONVERA_API_PORT: String(apiPort),
    ONVERA_WORKER_SLOTS: "1",
  };
  here = makeInstallation(shared);
  elsewhere = makeInstallation(shared);
  migrations = await Promise.all([here.onvera(["migrate"]), here.onvera(["migrate"]), elsewhere.onvera(["migrate"])]);
  // The superuser sees every row; the control plane's own role only those of its scope.
  database = new pg.Client({
    connectionString: postgres.connectionString(new URL(connectionString).pathname.slice(1)),
  });
  await database.connect();
  // A node that made itself known before the server did must not get the server's first environment.
  await start(elsewhere, "worker", "The worker takes operations");
  // All at once, as a machine brings them up.
  await Promise.all([
    start(here, "server", "The API answers"),
    start(here, "worker", "The worker takes operations"),
    start(here, "worker", "The worker takes operations"),
  ]);
});
afterAll(async () => {
  await Promise.all(processes.map(end));
  await database?.end();
  await here?.remove();
  await elsewhere?.remove();
  await postgres?.stop();
});

function start(installation: Installation, verb: string, ready: string): Promise<ChildProcess> {
  const child = installation.spawnOnvera([verb]);
  processes.push(child);
  let said = "";
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => {
        said += chunk;
        if (said.includes(ready)) resolve(child);
      });
    }
    child.once("exit", (code) => reject(new Error(`onvera ${verb} ended with ${code}:\n${said}`)));
  });
}

function end(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode);
    child.once("exit", (code) => resolve(code));
    child.kill("SIGTERM");
  });
}

async function api<T>(method: string, path: string, body?: unknown): Promise<T> {
  const key = readFileSync(join(here.folder, "home", "secrets", "cli-api-key"), "utf8").trim();
  const answer = await fetch(apiUrl + path, {
    method,
    headers: { "x-api-key": key, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text).data) as T;
}

interface Accepted {
  deployment_id: string;
  operation_id: string;
}

const deploy = (name: string, more: Record<string, unknown> = {}) =>
  api<Accepted>("POST", "/deployments", { app_type: "bench", version: "database", name, ...more });

/** Asks until none of them is under way any more. */
async function settled(ids: readonly string[]) {
  for (;;) {
    const { rows } = await database.query<{ status: string; owner: string; node: string; capability: string }>(
      `SELECT o.status, o.lease_owner AS owner, w.node, o.capability FROM onvera.operations o
       LEFT JOIN onvera.workers w ON w.id = o.lease_owner WHERE o.id = ANY($1)`,
      [ids],
    );
    if (rows.every(({ status }) => status !== "queued" && status !== "running")) return rows;
    await database.query("SELECT pg_sleep(0.2)");
  }
}

describe("installations apart", () => {
  it("migrate safely at the same time: one applies, the others find it done (ON-38)", () => {
    expect(migrations.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(migrations.filter(({ stdout }) => stdout.includes("Applied"))).toHaveLength(1);
  });

  it("start no embedded database where DATABASE_URL names one (ON-38)", () => {
    for (const { folder } of [here, elsewhere])
      expect(existsSync(join(folder, "home", "postgres", "data"))).toBe(false);
  });
});

describe("a worker alone", () => {
  it("makes its own cluster known and no organization, administrator or key (ON-02)", async () => {
    const { nodeId } = JSON.parse(readFileSync(join(elsewhere.folder, "home", "settings.json"), "utf8"));
    const { rowCount } = await database.query("SELECT 1 FROM onvera.clusters WHERE node = $1", [nodeId]);
    expect(rowCount).toBe(1);
    for (const secret of ["first-admin.json", "cli-api-key"])
      expect(existsSync(join(elsewhere.folder, "home", "secrets", secret))).toBe(false);
  });
});

describe("two workers of one node", () => {
  it("share the queue: both run some, every operation succeeds, each on its own node (ON-12)", async () => {
    const accepted = await Promise.all(Array.from({ length: DEPLOYMENTS }, (_, index) => deploy(`shared ${index}`)));
    const rows = await settled(accepted.map(({ operation_id: id }) => id));
    expect(rows.map(({ status }) => status)).toEqual(accepted.map(() => "succeeded"));
    expect(new Set(rows.map(({ owner }) => owner)).size).toBe(2);
    for (const { capability, node } of rows) expect(capability).toBe(`local:${node}`);
  });

  it("never change one deployment at the same time: a destroy waits behind the change (ON-12)", async () => {
    const accepted = await Promise.all(
      Array.from({ length: 3 }, (_, index) => deploy(`in turn ${index}`, { version: "items" })),
    );
    const destroys = await Promise.all(
      accepted.map(async ({ deployment_id: id }) => {
        await api("POST", `/deployments/${id}/stop`).catch(() => undefined);
        return api<Accepted>("DELETE", `/deployments/${id}`);
      }),
    );
    await settled(accepted.map(({ operation_id: id }) => id));
    const destroyed = await settled(destroys.map(({ operation_id: id }) => id));
    expect(destroyed.map(({ status }) => status)).toEqual(destroys.map(() => "succeeded"));
    const { rows } = await database.query(
      `SELECT a.id, b.id FROM onvera.operations a JOIN onvera.operations b
       ON a.resource_id = b.resource_id AND a.id < b.id AND a.slot <> 'reading' AND b.slot <> 'reading'
       WHERE tstzrange(a.started_at, a.ended_at, '()') && tstzrange(b.started_at, b.ended_at, '()')`,
    );
    expect(rows).toEqual([]);
  });
});

describe("a cluster of another node", () => {
  it("gets its operations run there and nowhere else (ON-30)", async () => {
    const { rows } = await database.query<{ id: string; node: string }>("SELECT id, node FROM onvera.clusters");
    const homeNode = JSON.parse(readFileSync(join(elsewhere.folder, "home", "settings.json"), "utf8")).nodeId;
    const cluster = rows.find(({ node }) => node === homeNode)?.id;
    const environment = await api<{ id: string }>("POST", "/environments", { name: "Elsewhere", cluster_id: cluster });
    const { operation_id: id } = await deploy("far", { environment_id: environment.id });
    const [row] = await settled([id]);
    expect(row).toMatchObject({ status: "succeeded", node: homeNode, capability: `local:${homeNode}` });
  });
});

it("a worker asked to end finishes what it runs, and the other one takes the rest (ON-12)", async () => {
  const accepted = await Promise.all(Array.from({ length: 4 }, (_, index) => deploy(`drained ${index}`)));
  const worker = processes[1];
  if (worker === undefined) throw new Error("There is no worker");
  expect(await end(worker)).toBe(0);
  const rows = await settled(accepted.map(({ operation_id: id }) => id));
  expect(rows.map(({ status }) => status)).toEqual(accepted.map(() => "succeeded"));
});

/** How the way to another cluster's database server and API server reaches the engine, and who never gets to see it. */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBenchDriver } from "../../src/automation/targets/bench-driver.ts";
import { createAdminConnection } from "../../src/automation/targets/database-server/admin-connection.ts";
import { databaseName } from "../../src/domain/names.ts";
import { secretsInAccess } from "../../src/domain/stack-access.ts";
import { type ControlPlane, startControlPlane } from "../support/control-plane.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

const password = randomBytes(18).toString("hex");
const token = randomBytes(18).toString("hex");
const kubeconfig = JSON.stringify({ users: [{ name: "onvera", user: { token } }] });

let home: ScratchPostgres;
let away: ScratchPostgres;
let plane: ControlPlane;
let databaseUrl: string;
let onCreate: () => void = () => undefined;

beforeAll(async () => {
  [home, away] = await Promise.all([startScratchPostgres(), startScratchPostgres()]);
  await query(away, `CREATE ROLE operator LOGIN CREATEDB CREATEROLE PASSWORD '${password}'`);
  databaseUrl = `postgres://operator:${password}@127.0.0.1:${away.port}/postgres`;
  plane = await startControlPlane(home, {
    atPoint: async (point, { urn }) => {
      if (point === "before-call" && urn.endsWith("::bench-first-db")) onCreate();
    },
  });
  const driver = createBenchDriver({
    admin: createAdminConnection(databaseUrl),
    ledgerFolder: plane.ledgerFolder,
    database: { host: "127.0.0.1", port: away.port },
  });
  await plane.startWorker({ drivers: { local: { ...driver, access: async () => ({ databaseUrl, kubeconfig }) } } });
});
afterAll(async () => {
  await plane?.stop();
  await Promise.all([home?.stop(), away?.stop()]);
});

describe("a stack on a cluster with a database server of its own", () => {
  it("is made there and nowhere else, by a way no argument, environment, event, row or state shows (ON-28, R9)", async () => {
    const seen: { texts: string[]; kubeconfigs: string[]; modes: number[] } = { texts: [], kubeconfigs: [], modes: [] };
    onCreate = () => {
      seen.texts.push(...processTexts(plane.folder));
      const files = kubeconfigsNamedIn(seen.texts);
      seen.kubeconfigs.push(...files.map((file) => readFileSync(file, "utf8")));
      seen.modes.push(...files.map((file) => statSync(file).mode & 0o777));
    };
    const { deploymentId, operation } = await plane.deploy({ version: "database" });
    const ended = await plane.ended(operation.id);
    expect(ended.status).toBe("succeeded");
    expect(await holds(away, databaseName(deploymentId))).toBe(true);
    expect(await holds(home, databaseName(deploymentId))).toBe(false);
    expect(new Set(seen.kubeconfigs)).toEqual(new Set([kubeconfig]));
    expect(new Set(seen.modes)).toEqual(new Set([0o600]));
    const { rows } = await plane.store.pool.query<{ data: { data: string } }>("SELECT data FROM pulumi.pulumi_state");
    const state = rows.map(({ data }) => Buffer.from(data.data, "base64").toString("utf8"));
    const events = await plane.store.asPlatform((db) => db.selectFrom("operation_events").selectAll().execute());
    for (const secret of [password, token])
      for (const text of [...seen.texts, ...state, JSON.stringify([events, ended])])
        expect(text.includes(secret)).toBe(false);
  });

  it("is taken away there, and its kubeconfig with the operation's folder (ON-46)", async () => {
    const { deploymentId, operation } = await plane.deploy({ version: "database" });
    await plane.ended(operation.id);
    const destroy = await plane.destroy(deploymentId);
    expect(await plane.ended(destroy.id)).toMatchObject({ status: "succeeded" });
    expect(await holds(away, databaseName(deploymentId))).toBe(false);
    await plane.until(destroy.id, () => readdirSync(join(plane.folder, "scratch")).length === 0);
  });
});

describe("what is kept out of every text", () => {
  it("is the whole access, and each password and key in it by itself (R9)", () => {
    const secrets = secretsInAccess({
      databaseUrl: "postgres://a:p%40ss@h:1/d",
      kubeconfig: '{"users":[{"user":{"token":"tok"}},{"user":{"client-key-data":"key"}}]}',
    });
    expect(secrets).toEqual(expect.arrayContaining(["p@ss", "tok", "key"]));
    expect(secretsInAccess({ databaseUrl: null, kubeconfig: null })).toEqual([]);
  });
});

/** Command lines and environments of every process that belongs to this test's operations. */
function processTexts(folder: string): string[] {
  const texts = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => [read(`/proc/${pid}/cmdline`), read(`/proc/${pid}/environ`)]);
  return texts.filter((text) => text.includes(folder));
}

const kubeconfigsNamedIn = (texts: readonly string[]): string[] =>
  texts.flatMap((text) => text.split("\0").flatMap((entry) => /^KUBECONFIG=(.+)$/.exec(entry)?.[1] ?? []));

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const holds = async (server: ScratchPostgres, name: string): Promise<boolean> =>
  (await query(server, `SELECT 1 FROM pg_database WHERE datname = '${name}'`)) > 0;

async function query(server: ScratchPostgres, text: string): Promise<number> {
  const client = new pg.Client({ connectionString: server.connectionString("postgres") });
  await client.connect();
  try {
    return (await client.query(text)).rowCount ?? 0;
  } finally {
    await client.end();
  }
}

import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { appCatalog } from "../../src/domain/app-catalog.ts";
import { appTypes, type DeploymentIdentity, DeploymentSpec } from "../../src/domain/deployment-spec.ts";
import { createPackageStore } from "../../src/local/packages/package-store.ts";
import { resolvePaths } from "../../src/local/paths.ts";
import { prepareFolders } from "../../src/local/prepare-folders.ts";
import { templateWorkload, workloadFor } from "../../src/stacks/apps/registry.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";
import { type RenderedApp, renderApp } from "../support/rendered-app.ts";

/** The real apps in both versions, from the cache that real installations on this machine share. */
const paths = resolvePaths();
const owner = paths.isRoot ? { uid: 65_534, gid: 65_534 } : null;
const store = createPackageStore({ paths, owner });

let server: ScratchPostgres;
const opened: RenderedApp[] = [];

beforeAll(async () => {
  await prepareFolders(paths);
  server = await startScratchPostgres({ maxConnections: 50 });
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const app of opened.splice(0)) await app.remove();
});

async function open(databaseUrl: string): Promise<RenderedApp> {
  const app = await renderApp(databaseUrl, owner);
  opened.push(app);
  return app;
}

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

let clones = 0;
async function cloneOf(url: string): Promise<string> {
  clones += 1;
  const name = `clone_${clones}`;
  await query(
    server.connectionString("postgres"),
    `CREATE DATABASE ${name} TEMPLATE "${new URL(url).pathname.slice(1)}"`,
  );
  return server.connectionString(name);
}

const admins = (url: string) =>
  query<{ username: string; role: string; password: string }>(
    url,
    "SELECT u.username, r.name AS role, u.password FROM ab_user u JOIN ab_user_role ur ON ur.user_id = u.id JOIN ab_role r ON r.id = ur.role_id",
  );

const revision = async (url: string) => (await query(url, "SELECT version_num FROM alembic_version"))[0]?.version_num;

describe.each(appTypes)("the bootstrap of %s", (app) => {
  const [newest, older] = appCatalog[app].versions.map(({ version }) => version) as [string, string];
  const identity: DeploymentIdentity = {
    deploymentId: "dep_1",
    organizationId: "org_1",
    environmentId: "env_1",
    name: "test",
    appType: app,
    hostLabel: "test-abc123",
  };
  const workload = (version: string, fields: Partial<DeploymentSpec> = {}) =>
    workloadFor(DeploymentSpec.parse({ version, size: "small", power_state: "running", ...fields }), identity);
  const packages: Record<string, string> = {};
  let template: string;

  beforeAll(async () => {
    for (const version of [newest, older]) packages[version] = (await store.install(`${app}/${version}`)).path;
    template = await server.createDatabase();
    const ended = await (await open(template)).bootstrap(templateWorkload(app, older), packages[older] ?? "");
    expect(ended.stderr.split("\n").at(-2) ?? "").not.toMatch(/^error/);
    expect(ended.exitCode).toBe(0);
  });

  test("fills a template with schema and roles, and with no admin, key or connection (ON-28, performance: template traps)", async () => {
    expect(await admins(template)).toEqual([]);
    const held = app === "superset" ? "dbs" : "connection";
    expect(await query(template, `SELECT count(*)::int AS n FROM ${held}`)).toEqual([{ n: 0 }]);
    expect(await query(template, "SELECT name FROM ab_role WHERE name = 'Admin'")).toHaveLength(1);
  });

  test("makes the admin of a clone without importing the app, and says what it does (ON-34, P5)", async () => {
    const url = await cloneOf(template);
    const ended = await (await open(url)).bootstrap(workload(older), packages[older] ?? "");
    expect(ended.exitCode).toBe(0);
    expect(ended.stdout.trim().split("\n")).toEqual([
      "phase: database is up to date",
      "phase: creating the admin",
      "phase: done",
    ]);
    expect(await admins(url)).toMatchObject([{ username: "admin", role: "Admin" }]);
  });

  test("repeated, leaves a password the admin has changed alone, until another one is asked for (ON-22)", async () => {
    const url = await cloneOf(template);
    const rendered = await open(url);
    await rendered.bootstrap(workload(older), packages[older] ?? "");
    await query(url, "UPDATE ab_user SET password = 'changed in the app' WHERE username = 'admin'");
    await rendered.bootstrap(workload(older), packages[older] ?? "");
    expect((await admins(url))[0]?.password).toBe("changed in the app");
    await rendered.setSecret("admin_password", "rotated by the platform");
    await rendered.bootstrap(workload(older), packages[older] ?? "");
    expect((await admins(url))[0]?.password).toMatch(/^scrypt:/);
  });

  test("takes the database of the older version to the newer and keeps what is in it (ON-21, NH-06)", async () => {
    const url = await cloneOf(template);
    const rendered = await open(url);
    await rendered.bootstrap(workload(older), packages[older] ?? "");
    const before = { revision: await revision(url), admins: await admins(url) };
    const updated = await rendered.bootstrap(workload(newest), packages[newest] ?? "");
    expect(updated.exitCode).toBe(0);
    expect(updated.stdout).toContain("phase: migrating the database");
    expect(await revision(url)).not.toBe(before.revision);
    expect(await admins(url)).toEqual(before.admins);
    const again = await rendered.bootstrap(workload(newest), packages[newest] ?? "");
    expect(again.stdout).toBe("phase: database is up to date\nphase: done\n");
  });

  test("fills an empty database too, where there is no template (ON-32)", async () => {
    const url = await server.createDatabase();
    const ended = await (await open(url)).bootstrap(workload(newest), packages[newest] ?? "");
    expect(ended.exitCode).toBe(0);
    expect(await admins(url)).toMatchObject([{ username: "admin", role: "Admin" }]);
  });

  test("ends with one clear line and no password when the database is away (NH-09, engine: secrets)", async () => {
    const away = await open("postgresql://app:word-of-the-app@127.0.0.1:1/away");
    const ended = await away.bootstrap(workload(newest), packages[newest] ?? "");
    expect(ended.exitCode).toBe(69);
    expect(ended.stderr.trim().split("\n").at(-1)).toMatch(/^error: The database cannot be used: /);
    expect(ended.stdout + ended.stderr).not.toContain("word-of-the-app");
  });

  if (app === "superset")
    test("runs Superset's own set-up again when flags or configuration change (ON-21)", async () => {
      const url = await cloneOf(template);
      const rendered = await open(url);
      const settings = {
        superset: { feature_flags: { TAGGING_SYSTEM: true }, config: { APP_NAME: "{{url:public}}" } },
      };
      const changed = await rendered.bootstrap(workload(older, settings), packages[older] ?? "");
      expect(changed.exitCode).toBe(0);
      expect(changed.stdout).toContain("phase: setting up roles and permissions");
      const again = await rendered.bootstrap(workload(older, settings), packages[older] ?? "");
      expect(again.stdout).toBe("phase: database is up to date\nphase: done\n");
    });

  if (app === "airflow")
    test("sets connections and variables encrypted, and removes only its own (ON-21)", async () => {
      const url = await cloneOf(template);
      const rendered = await open(url);
      const set = (connections: Record<string, string>, variables: Record<string, string>) =>
        rendered.bootstrap(workload(older, { airflow: { connections, variables } }), packages[older] ?? "");
      const names = async () => [
        ...(await query(url, "SELECT conn_id AS name FROM connection ORDER BY 1")),
        ...(await query(url, "SELECT key AS name FROM variable ORDER BY 1")),
      ];
      expect(
        (await set({ one: "http://h/", two: "postgresql://u:pass-of-two@h/d" }, { k: "value-of-k" })).exitCode,
      ).toBe(0);
      await query(url, "INSERT INTO variable (key, val, is_encrypted) VALUES ('by_hand', 'x', false)");
      const [two] = await query(url, "SELECT password FROM connection WHERE conn_id = 'two' AND is_encrypted");
      expect(two?.password).not.toContain("pass-of-two");
      expect((await set({ two: "postgresql://u:new@h/d" }, {})).exitCode).toBe(0);
      expect((await names()).map(({ name }) => name)).toEqual(["two", "by_hand"]);
      const refused = await set({ two: "{{secret:admin_password}}" }, {});
      expect(refused.exitCode).toBe(65);
      expect(refused.stderr.trim().split("\n").at(-1)).toMatch(/^error: The URI of the connection 'two'/);
      expect((await names()).map(({ name }) => name)).toEqual(["two", "by_hand"]);
    });
});

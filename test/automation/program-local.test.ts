/**
 * The deployment program against the real engine, real providers and a real PostgreSQL; only the supervisor is a fake
 * that remembers. It proves what mocks cannot: that nothing the program says becomes a replacement.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OpMap, Stack } from "@pulumi/pulumi/automation/index.js";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ProgramInput } from "../../src/domain/program-input.ts";
import { onveraPackage } from "../../src/providers/onvera/package.ts";
import { postgresqlPackage } from "../../src/providers/postgresql/package.ts";
import { createPgAdmin } from "../../src/providers/postgresql/pg-admin.ts";
import { randomPackage } from "../../src/providers/random/package.ts";
import { deploymentProgram } from "../../src/stacks/program.ts";
import { localTarget } from "../../src/stacks/targets/local/index.ts";
import { custody, deploymentId, gitSource, input, names, spec, workload } from "../stacks/fixtures.ts";
import { createFakeSupervisor } from "../support/fake-supervisor.ts";
import { startPlainCli } from "../support/plain-cli.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";
import { startWorkbench, type Workbench, type WorkbenchStack } from "../support/provider-workbench.ts";

const TEMPLATE = "ovt_superset_6_1_0_0123456789";
/** With the stack itself and the five components. */
const RESOURCES = 25;

const supervisor = createFakeSupervisor();
let postgres: ScratchPostgres;
let workbench: Workbench;
let opened: WorkbenchStack;
let stack: Stack;
/** What the program is run with; each test sets what it needs. */
let current: ProgramInput;

beforeAll(async () => {
  postgres = await startScratchPostgres();
  await makeTemplate();
  workbench = await startWorkbench((folder) => [
    randomPackage,
    postgresqlPackage(createPgAdmin(() => adminOf(postgres))),
    onveraPackage({ supervisor, ledgerFolder: `${folder}/ledger` }),
  ]);
  opened = await workbench.open(deploymentId, () => deploymentProgram(current, localTarget)());
  stack = opened.stack;
});
afterAll(async () => {
  await workbench?.stop();
  await postgres?.stop();
});

const changes = (extra: Partial<ProgramInput> = {}): ProgramInput => {
  const { context } = input();
  return input({
    workload: workload({ gitSource }),
    ...extra,
    context: { ...context, databasePort: postgres.port, ...extra.context },
  });
};
const scaled = (replicas: number) =>
  workload().processes.map((process) => (process.name === "worker" ? { ...process, replicas } : process));

async function up(next: ProgramInput): Promise<OpMap | undefined> {
  current = next;
  supervisor.forget();
  return (await stack.up()).summary.resourceChanges;
}

async function preview(next: ProgramInput = current): Promise<OpMap> {
  current = next;
  return (await stack.preview()).changeSummary;
}

describe("a deployment on the local target", () => {
  it("comes into being in one up, in the order database, files, jobs, processes, route (ON-20, ON-32 to ON-35)", async () => {
    expect(await preview(changes())).toEqual({ create: RESOURCES });
    const { outputs } = await upFirst();
    expect(outputs.url?.value).toBe("http://my-superset-abc123.localhost:8080");
    expect(outputs.admin_password).toMatchObject({ secret: true, value: expect.stringMatching(/^[A-Za-z0-9]{32}$/) });
    const order = [
      "putDeployment",
      "putSecrets",
      "putFiles r1",
      "putJob migrate r1",
      "putJob init r1",
      "putProcess web r1",
    ];
    expect(supervisor.calls.filter((call) => order.includes(call))).toEqual(order);
    expect(supervisor.calls.at(-1)).toBe("putRoute my-superset-abc123.localhost");
  });

  it("owns a database cloned from the template, closed to other roles (ON-10, ON-28, TN-10)", async () => {
    const url = await appUrl();
    expect(await query(url, "SELECT value FROM settings")).toEqual([{ value: "from the template" }]);
    expect(await query(url, "SELECT tableowner FROM pg_tables WHERE tablename = 'settings'")).toEqual([
      { tableowner: names.owner },
    ]);
    await query(url, "CREATE TABLE made_by_app AS SELECT 42 AS answer");
    expect(await query(url, "SELECT tableowner FROM pg_tables WHERE tablename = 'made_by_app'")).toEqual([
      { tableowner: names.owner },
    ]);
    await query(postgres.connectionString(), "CREATE ROLE stranger LOGIN PASSWORD 'stranger'");
    await expect(query(asUser(url, "stranger", "stranger"), "SELECT 1")).rejects.toThrow(/permission denied/);
  });

  it("keeps every secret out of the state in clear (NH-07)", async () => {
    const text = await opened.stateText();
    const { admin_password: admin } = await stack.outputs();
    const password = new URL(await appUrl()).password;
    for (const secret of [custody.secret_key, String(admin?.value), password]) {
      expect(secret.length).toBeGreaterThan(8);
      expect(text).not.toContain(secret);
    }
  });

  it("shows no change when nothing changed, nor when only the revision has another name (ON-24)", async () => {
    expect(await preview()).toEqual({ same: RESOURCES });
    expect(await preview(changes({ revision: "r1b" }))).toEqual({ same: RESOURCES });
  });

  it("shows no change after a refresh, and again none in what the refresh read (ON-24)", async () => {
    expect((await stack.refresh()).summary.resourceChanges).toEqual({ same: RESOURCES });
    expect(await preview()).toEqual({ same: RESOURCES });
  });

  it.each<[string, () => Partial<ProgramInput>, string[]]>([
    ["stop", () => ({ spec: spec({ power_state: "stopped" }) }), ["web", "worker"]],
    ["start and restart", () => ({ spec: spec({ restart_token: "t1" }) }), ["web", "worker"]],
    [
      "scale",
      () => ({ spec: spec({ restart_token: "t1" }), workload: workload({ gitSource, processes: scaled(3) }) }),
      ["worker"],
    ],
  ])("%s updates the processes it concerns in place, and then shows no change (ON-24)", async (verb, next, touched) => {
    const revision = `r-${verb.replaceAll(" ", "-")}`;
    expect(await up(changes({ revision, ...next() }))).toEqual({
      same: RESOURCES - touched.length,
      update: touched.length,
    });
    expect([...supervisor.calls].sort()).toEqual(touched.map((name) => `putProcess ${name} ${revision}`));
    expect(await preview()).toEqual({ same: RESOURCES });
  });

  it("is the same to the plain CLI: its preview shows no change either (ON-19, ON-24)", async () => {
    const cli = await startPlainCli();
    try {
      const spec = join(cli.folder, "spec.json");
      await writeFile(spec, JSON.stringify(current), { mode: 0o600 });
      const env = { ...stack.workspace.envVars, ONVERA_SPEC_FILE: spec };
      const verb = ["preview", "--expect-no-changes", "--non-interactive", "--stack", deploymentId];
      expect(await cli.run(verb, env, true)).toMatchObject({ code: 0 });
    } finally {
      await cli.stop();
    }
  });

  it("replaces nothing when version, size and template change, and keeps the data (ON-21, ON-27, NH-05)", async () => {
    const before = await databaseOid();
    const next = changes({
      revision: "r-6-2",
      spec: spec({ version: "6.2.0", size: "large" }),
      workload: workload({
        gitSource,
        version: "6.2.0",
        package: { lock: "superset/6.2.0", extraRequirements: [] },
        jobs: workload().jobs.map((job) => ({ ...job, runKey: "6.2.0" })),
      }),
      context: { ...changes().context, templateDatabase: "ovt_superset_6_2_0_9876543210" },
    });
    const planned = await preview(next);
    expect(planned).toEqual({ same: expect.any(Number), update: expect.any(Number) });
    expect(Object.keys((await up(next)) ?? {}).sort()).toEqual(["same", "update"]);
    expect(await databaseOid()).toBe(before);
    expect(await query(await appUrl(), "SELECT answer FROM made_by_app")).toEqual([{ answer: 42 }]);
    const limits = "SELECT rolconnlimit FROM pg_roles WHERE rolname = $1";
    expect(await query(postgres.connectionString(), limits, [names.a])).toEqual([{ rolconnlimit: 160 }]);
    expect(supervisor.calls).toEqual(expect.arrayContaining(["putPackage superset/6.2.0", "putJob migrate r-6-2"]));
    expect(await preview()).toEqual({ same: RESOURCES });
  });

  it("changes the login in use without replacing anything", async () => {
    const old = await appUrl();
    const { update, same, ...others } =
      (await up({ ...current, spec: { ...current.spec, database_login: "b" } })) ?? {};
    expect({ update, others, same }).toEqual({ update: 6, others: {}, same: RESOURCES - 6 });
    expect(await query(await appUrl(), "SELECT session_user AS login, current_user AS owner")).toEqual([
      { login: names.b, owner: names.owner },
    ]);
    await expect(query(old, "SELECT 1")).rejects.toThrow(/not permitted to log in/);
  });

  it("rotates the database password: both logins work while the app goes over, then the old one is locked (NH-07)", async () => {
    const old = await appUrl();
    const turn = { database_login: "b", database_rotation: 0 } as const;
    const next = { ...current, spec: { ...current.spec, database_login: "a", database_rotation: 1 } } as const;
    await up({ ...next, options: { ...current.options, keepLogin: turn } });
    const fresh = await appUrl();
    expect(new URL(fresh).password).not.toBe(new URL(old).password);
    for (const url of [old, fresh]) expect(await query(url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    await up({ ...next, options: { ...current.options, keepLogin: undefined } });
    expect(await query(fresh, "SELECT session_user AS login")).toEqual([{ login: names.a }]);
    await expect(query(old, "SELECT 1")).rejects.toThrow(/not permitted to log in|authentication failed/);
    expect(await preview()).toEqual({ same: RESOURCES });
  });

  it("adopts what exists instead of creating it again (NH-03)", async () => {
    const before = await databaseOid();
    await forget(["database-db", "database-public", "database-owner"]);
    const adopt = { "database-owner": names.owner, "database-db": names.database };
    expect(await up({ ...current, options: { protect: true, adopt } })).toMatchObject({ import: 2 });
    expect(await databaseOid()).toBe(before);
    await up({ ...current, options: { protect: true, adopt: {} } });
    expect(await preview()).toEqual({ same: RESOURCES });
    expect(await query(await appUrl(), "SELECT answer FROM made_by_app")).toEqual([{ answer: 42 }]);
  });
});

describe("destroying it", () => {
  it("is refused while the program protects the data (NH-05)", async () => {
    await expect(stack.destroy({ runProgram: true })).rejects.toThrow(/protect/);
    expect(await query(await appUrl(), "SELECT answer FROM made_by_app")).toEqual([{ answer: 42 }]);
  });

  it("removes everything once protection is off (ON-46)", async () => {
    current = { ...current, options: { protect: false, adopt: {} } };
    const { summary } = await stack.destroy({ runProgram: true });
    expect(summary.result).toBe("succeeded");
    const left =
      "SELECT rolname AS name FROM pg_roles WHERE rolname LIKE $1 UNION SELECT datname FROM pg_database WHERE datname LIKE $1";
    expect(await query(postgres.connectionString(), left, [`${names.database}%`])).toEqual([]);
    expect(await supervisor.getDeployment(deploymentId)).toBeNull();
    expect((await stack.exportStack()).deployment.resources ?? []).toEqual([]);
  });
});

const adminOf = ({ host, port, superuser: user, password }: ScratchPostgres) => ({ host, port, user, password });

async function upFirst() {
  current = changes();
  const result = await stack.up();
  expect(result.summary.resourceChanges).toEqual({ create: RESOURCES });
  return result;
}

/** The template as the product makes it: its tables belong to a role that owns nothing else. */
async function makeTemplate(): Promise<void> {
  const url = await postgres.createDatabase(TEMPLATE);
  await query(url, "CREATE ROLE template_tables NOLOGIN");
  await query(url, "CREATE TABLE settings (value text)");
  await query(url, "INSERT INTO settings VALUES ('from the template')");
  await query(url, "ALTER TABLE settings OWNER TO template_tables");
}

/** The URL the app was given, which is how an app gets in. */
async function appUrl(): Promise<string> {
  const url = supervisor.secrets.get(deploymentId)?.database_url;
  if (url === undefined) throw new Error("The app was given no database URL");
  return url;
}

const databaseOid = async () =>
  (await query(postgres.connectionString(), "SELECT oid FROM pg_database WHERE datname = $1", [names.database]))[0]
    ?.oid;

function asUser(url: string, username: string, password: string): string {
  return Object.assign(new URL(url), { username, password }).href;
}

async function query(
  connectionString: string,
  text: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** Takes resources out of the state and leaves the things themselves: what a kill between create and save leaves behind. */
async function forget(logicalNames: readonly string[]): Promise<void> {
  const state = await stack.exportStack();
  const isGone = (urn: string) => logicalNames.some((name) => urn.endsWith(`::${name}`));
  const withoutGone = <T>(map: Record<string, T>) =>
    Object.fromEntries(
      Object.entries(map).map(([key, urns]) => [key, Array.isArray(urns) ? urns.filter((u) => !isGone(u)) : urns]),
    );
  state.deployment.resources = state.deployment.resources
    .filter(({ urn }: { urn: string }) => !isGone(urn))
    .map((resource: { dependencies?: string[]; propertyDependencies?: Record<string, string[]> }) => ({
      ...resource,
      ...(resource.dependencies && { dependencies: resource.dependencies.filter((urn) => !isGone(urn)) }),
      ...(resource.propertyDependencies && { propertyDependencies: withoutGone(resource.propertyDependencies) }),
    }));
  await stack.importStack(state);
}

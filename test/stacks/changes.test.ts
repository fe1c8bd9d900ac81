/**
 * What a change of the spec does to the resources. These tests prove what the program asks for; that the engine and
 * the providers make no replacement of it is proved with the real CLI in test/automation/program-local.test.ts.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ProgramInput } from "../../src/domain/program-input.ts";
import { isStateful } from "../../src/domain/stateful-types.ts";
import { deploymentProgram } from "../../src/stacks/program.ts";
import { localTarget } from "../../src/stacks/targets/local/index.ts";
import { gitSource, input, spec, workload } from "./fixtures.ts";
import { type Recording, record } from "./recorder.ts";

/** Inputs whose change makes the official or our own provider replace the resource. */
const replacing: Record<string, string[]> = {
  "random:index/randomPassword:RandomPassword": ["length", "special", "keepers"],
  "postgresql:index/database:Database": ["template", "encoding", "lcCollate", "lcCtype"],
  "postgresql:index/grant:Grant": ["database", "role", "objectType"],
  "onvera:local:Identity": ["deploymentId"],
  "onvera:local:Ports": ["deploymentId"],
  "onvera:local:Secrets": ["deploymentId"],
  "onvera:local:Package": ["deploymentId"],
  "onvera:local:Files": ["deploymentId"],
  "onvera:local:Source": ["deploymentId"],
  "onvera:local:Job": ["deploymentId", "name"],
  "onvera:local:Process": ["deploymentId", "name"],
  "onvera:local:Route": ["deploymentId", "host"],
};

const run = (changes: Partial<ProgramInput> = {}) => record(deploymentProgram(input(changes), localTarget));

/** Logical name to the inputs that differ, revisions apart (a revision alone is no change). */
function changed(before: Recording, after: Recording): Record<string, string[]> {
  const pairs = before.resources.map(({ name, inputs }) => {
    const now = after.named(name).inputs;
    const keys = [...new Set([...Object.keys(inputs), ...Object.keys(now)])];
    return [name, keys.filter((key) => key !== "revision" && JSON.stringify(inputs[key]) !== JSON.stringify(now[key]))];
  });
  return Object.fromEntries(pairs.filter(([, keys]) => keys?.length));
}

function replaced(before: Recording, after: Recording): string[] {
  return Object.entries(changed(before, after)).flatMap(([name, keys]) => {
    const { type, ignoreChanges } = after.named(name);
    return keys
      .filter((key) => replacing[type]?.includes(key) && !ignoreChanges.includes(key))
      .map((key) => `${name}.${key}`);
  });
}

describe("a change of the spec", () => {
  const newVersion = {
    revision: "r2",
    spec: spec({ version: "6.2.0" }),
    workload: workload({ version: "6.2.0", package: { lock: "superset/6.2.0", extraRequirements: [] } }),
    context: { ...input().context, templateDatabase: "ovt_superset_6_2_0_9876543210" },
  };

  it.each<[string, Partial<ProgramInput>]>([
    ["version", newVersion],
    ["size", { revision: "r2", spec: spec({ size: "large" }) }],
    ["name", { identity: { ...input().identity, name: "Renamed" } }],
    ["database server", { context: { ...input().context, databaseHost: "10.0.0.9", databasePort: 6432 } }],
    ["login", { revision: "r2", spec: spec({ database_login: "b" }) }],
  ])("of %s asks for no replacement of anything (ON-27, NH-05)", async (_what, changes) => {
    expect(replaced(await run(), await run(changes))).toEqual([]);
  });

  it("of the template is ignored once the database exists (NH-05)", async () => {
    const { named } = await run(newVersion);
    expect(named("database-db").ignoreChanges).toEqual(
      expect.arrayContaining(["name", "owner", "template", "encoding", "lcCollate", "lcCtype"]),
    );
  });

  it("of the power state keeps every resource and touches the processes alone (ON-24)", async () => {
    const running = await run();
    const stopped = await run({ revision: "r2", spec: spec({ power_state: "stopped" }) });
    expect(stopped.resources.map(({ name }) => name).sort()).toEqual(running.resources.map(({ name }) => name).sort());
    expect(changed(running, stopped)).toEqual({
      "compute-process-web": ["digest"],
      "compute-process-worker": ["digest"],
    });
  });

  it("of the restart token touches the processes alone (ON-24)", async () => {
    const after = await run({ revision: "r2", spec: spec({ restart_token: "again" }) });
    expect(Object.keys(changed(await run(), after))).toEqual(["compute-process-web", "compute-process-worker"]);
  });

  it("of one process's replicas touches that process alone (ON-24)", async () => {
    const scaled = workload().processes.map((process) =>
      process.name === "worker" ? { ...process, replicas: 3 } : process,
    );
    const after = await run({ revision: "r2", workload: workload({ processes: scaled }) });
    expect(changed(await run(), after)).toEqual({ "compute-process-worker": ["digest"] });
  });

  it("of the git revision fetches again and restarts nothing", async () => {
    const before = await run({ workload: workload({ gitSource }) });
    const after = await run({ revision: "r2", workload: workload({ gitSource: { ...gitSource, revision: "2" } }) });
    expect(changed(before, after)).toEqual({ "compute-source": ["digest"] });
  });

  it("of the login in use swaps the logins and hands the app the other URL", async () => {
    const after = await run({ revision: "r2", spec: spec({ database_login: "b" }) });
    expect(changed(await run(), after)).toEqual({
      "database-login-a": ["login"],
      "database-login-b": ["login"],
      "compute-secrets": ["secrets"],
      "compute-files": ["digest"],
      "compute-process-web": ["digest"],
      "compute-process-worker": ["digest"],
    });
  });

  it("of the database server hands the app the new URL and restarts what holds the old one", async () => {
    const after = await run({ context: { ...input().context, databaseHost: "10.0.0.9" } });
    expect(Object.keys(changed(await run(), after)).sort()).toEqual([
      "compute-files",
      "compute-process-web",
      "compute-process-worker",
      "compute-secrets",
    ]);
  });

  it("of the revision's name alone changes nothing at all", async () => {
    expect(changed(await run(), await run({ revision: "r2" }))).toEqual({});
  });

  it("never changes a logical name: version, size, environment, replicas, custody (NH-05)", async () => {
    const expected = (await run()).resources.map(({ name, type }) => `${type} ${name}`).sort();
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          version: fc.stringMatching(/^[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{1,2}$/),
          size: fc.constantFrom("small" as const, "medium" as const, "large" as const),
          power_state: fc.constantFrom("running" as const, "stopped" as const),
          database_login: fc.constantFrom("a" as const, "b" as const),
          environment_variables: fc.dictionary(fc.stringMatching(/^[A-Z]{1,8}$/), fc.string(), { maxKeys: 3 }),
        }),
        fc.nat(20),
        fc.stringMatching(/^[a-z0-9]{1,20}$/),
        async (changes, replicas, key) => {
          const { version, environment_variables: env } = changes;
          const processes = workload().processes.map((process) => ({ ...process, replicas }));
          const { resources } = await run({
            spec: spec(changes),
            workload: workload({ version, env, processes }),
            custody: { ...input().custody, secret_key: key },
          });
          expect(resources.map(({ name, type }) => `${type} ${name}`).sort()).toEqual(expected);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("protection of data", () => {
  it("covers every stateful resource, and only those, on an ordinary run (NH-05)", async () => {
    const { resources } = await run();
    for (const { type, protect } of resources) expect(protect).toBe(isStateful(type) ? true : undefined);
    expect(resources.filter(({ protect }) => protect).map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "database-db",
        "database-owner",
        "database-login-a",
        "database-login-b",
        "network-identity",
      ]),
    );
  });

  it("is off in the run that destroys, and nothing else differs (ON-46)", async () => {
    const before = await run();
    const destroying = await run({ options: { protect: false, adopt: {} } });
    expect(destroying.resources.filter(({ protect }) => protect)).toEqual([]);
    expect(changed(before, destroying)).toEqual({});
  });
});

describe("adoption", () => {
  const urn = "urn:pulumi:dep_x::onvera::onvera:deployment:Database$postgresql:index/role:Role::database-owner";

  it("imports what is named, by logical name or URN, and creates the rest (NH-03)", async () => {
    const { resources } = await run({
      options: { protect: true, adopt: { "database-db": "ov_1", [urn]: "ov_1_owner" } },
    });
    const imported = resources.filter(({ importId }) => importId !== "").map(({ name, importId }) => [name, importId]);
    expect(Object.fromEntries(imported)).toEqual({ "database-db": "ov_1", "database-owner": "ov_1_owner" });
  });

  it("refuses a name that meets no resource: it would be created a second time (NH-03)", async () => {
    const adopting = run({ options: { protect: true, adopt: { "database-dbx": "ov_1" } } });
    await expect(adopting).rejects.toThrow("Nothing in this program is called database-dbx");
  });
});

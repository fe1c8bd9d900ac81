import { EventEmitter, once } from "node:events";
import { access } from "node:fs/promises";
import { join } from "node:path";
import * as postgresql from "@pulumi/postgresql";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ProviderHooks } from "../../src/providers/host/hooks.ts";
import { benchItem } from "../../src/providers/onvera/bench-item.ts";
import { BenchItem } from "../../src/providers/onvera/resources.ts";
import { onveraTypes } from "../../src/providers/onvera/types.ts";
import { postgresqlPackage } from "../../src/providers/postgresql/package.ts";
import { createPgAdmin } from "../../src/providers/postgresql/pg-admin.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";
import { startWorkbench, type Workbench } from "../support/provider-workbench.ts";
import { until } from "../support/until.ts";

let server: ScratchPostgres;
/** Its administrator is no superuser. */
let managed: ScratchPostgres;
let managedUrl: string;
let bench: Workbench;

/** What the hooks do is decided per test. */
const behaviour: Partial<ProviderHooks> = {};

beforeAll(async () => {
  [server, managed] = await Promise.all([startScratchPostgres(), startScratchPostgres()]);
  managedUrl = await managed.createControlDatabase();
  bench = await startWorkbench(
    (folder) => [
      postgresqlPackage(
        createPgAdmin(({ config }) => ({
          connectionString: config.host === "managed.example" ? managedUrl : server.connectionString("postgres"),
        })),
      ),
      { name: "onvera", version: "0.1.0", handlers: [benchItem(join(folder, "ledger"))] },
    ],
    {
      beforeCreate: async (intent) => behaviour.beforeCreate?.(intent),
      afterCreate: async () => {},
      checkFence: async (run) => behaviour.checkFence?.(run),
      atPoint: async (point, moment) => behaviour.atPoint?.(point, moment),
    },
  );
});
afterAll(async () => {
  await bench.stop();
  await Promise.all([server.stop(), managed.stop()]);
});

const query = async (text: string, connectionString = server.connectionString("postgres")) => {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
};
const ownersOfTables = (url: string) =>
  query("SELECT DISTINCT tableowner::text AS owner FROM pg_tables WHERE schemaname = 'public' ORDER BY 1", url);

describe("what already exists", () => {
  it("is adopted and brought to the wanted state when it carries our mark (NH-03)", async () => {
    await query("CREATE ROLE again_owner");
    await query("COMMENT ON ROLE again_owner IS 'onvera:again'");
    await query("CREATE ROLE again_login NOLOGIN CONNECTION LIMIT 1");
    await query("COMMENT ON ROLE again_login IS 'onvera:again'");
    await query("CREATE DATABASE again OWNER again_owner");
    const { stack } = await bench.open("again", async () => {
      const owner = new postgresql.Role("owner", { name: "again_owner" });
      new postgresql.Role("login", {
        name: "again_login",
        login: true,
        password: "new",
        roles: [owner.name],
        connectionLimit: 4,
      });
      new postgresql.Database("database", { name: "again", owner: owner.name, connectionLimit: 3 });
    });
    expect((await stack.up()).summary.resourceChanges).toEqual({ create: 4 });
    expect(
      await query("SELECT current_user::text AS me", `postgres://again_login:new@127.0.0.1:${server.port}/again`),
    ).toEqual([{ me: "again_login" }]);
    expect(
      await query(
        "SELECT datconnlimit, shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = 'again'",
      ),
    ).toEqual([{ datconnlimit: 3, mark: "onvera:again" }]);
    await stack.destroy();
  });

  it("is adopted when a killed attempt's CREATE DATABASE ends while ours is under way (R1)", async () => {
    const lock = new pg.Client({ connectionString: server.connectionString("postgres") });
    await lock.connect();
    await query("CREATE ROLE late_owner");
    await query("COMMENT ON ROLE late_owner IS 'onvera:late'");
    const creates =
      "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'CREATE DATABASE%late%'";
    const waiting = (count: number) =>
      until(async () => (await query(creates)).length === count, `${count} sessions create the database`);
    // The killed attempt's holds the name, and nobody can see it yet.
    await lock.query("BEGIN; LOCK TABLE pg_shdepend IN SHARE MODE");
    const killed = query("CREATE DATABASE late OWNER late_owner TEMPLATE template0");
    await waiting(1);
    const { stack } = await bench.open("late", async () => {
      new postgresql.Database("database", { name: "late", owner: "late_owner", connectionLimit: 3 });
    });
    const ours = stack.up();
    await waiting(2);
    await lock.end();
    await killed;
    expect((await ours).summary.resourceChanges).toEqual({ create: 2 });
    const facts = "datconnlimit, shobj_description(oid, 'pg_database') AS mark";
    expect(await query(`SELECT ${facts} FROM pg_database WHERE datname = 'late'`)).toEqual([
      { datconnlimit: 3, mark: "onvera:late" },
    ]);
    await stack.destroy();
  });

  it("is refused and left alone when it is not ours, or another stack's", async () => {
    await query("CREATE ROLE theirs CONNECTION LIMIT 42");
    await query("CREATE ROLE others CONNECTION LIMIT 42");
    await query("COMMENT ON ROLE others IS 'onvera:dep_other'");
    await query("CREATE DATABASE theirs");
    const { stack } = await bench.open("foreign", async () => {
      new postgresql.Role("theirs", { name: "theirs", connectionLimit: 1 });
      new postgresql.Role("others", { name: "others", connectionLimit: 1 });
      new postgresql.Database("database", { name: "theirs", connectionLimit: 1 });
    });
    const failure = await stack.up({ continueOnError: true }).catch((error: unknown) => String(error));
    expect(failure).toContain("Role theirs exists and is not ours");
    expect(failure).toContain("Role others exists and belongs to stack dep_other");
    expect(failure).toContain("Database theirs exists and is not ours");
    expect(await query("SELECT rolconnlimit FROM pg_roles WHERE rolname IN ('theirs', 'others')")).toEqual([
      { rolconnlimit: 42 },
      { rolconnlimit: 42 },
    ]);
    await stack.destroy();
    expect(await query("SELECT count(*)::int AS kept FROM pg_roles WHERE rolname IN ('theirs', 'others')")).toEqual([
      { kept: 2 },
    ]);
  });
});

describe("a database cloned from a template", () => {
  const cloneOf = (template: string, provider?: postgresql.Provider) => async () => {
    const options = provider === undefined ? {} : { provider };
    const owner = new postgresql.Role("owner", { name: `${template}_tenant` }, options);
    new postgresql.Database(
      "database",
      { name: `${template}_clone`, owner: owner.name, template, alterObjectOwnership: true },
      options,
    );
  };

  it("belongs to its new owner with all it holds, and the template keeps its owners", async () => {
    await query("CREATE ROLE maker");
    await query("CREATE DATABASE tpl IS_TEMPLATE true");
    await query("SET ROLE maker; CREATE SCHEMA IF NOT EXISTS public", server.connectionString("tpl")).catch(() => {});
    await query("GRANT CREATE ON SCHEMA public TO maker", server.connectionString("tpl"));
    await query("SET ROLE maker; CREATE TABLE things (id serial PRIMARY KEY)", server.connectionString("tpl"));
    const { stack } = await bench.open("clone", cloneOf("tpl"));
    await stack.up();
    expect(await ownersOfTables(server.connectionString("tpl_clone"))).toEqual([{ owner: "tpl_tenant" }]);
    expect(await ownersOfTables(server.connectionString("tpl"))).toEqual([{ owner: "maker" }]);
    expect((await stack.up()).summary.resourceChanges).toEqual({ same: 3 });
    await stack.destroy();
  });

  it("is refused when that would give the tenant the template itself", async () => {
    await query("CREATE ROLE greedy");
    await query("CREATE DATABASE greedy OWNER greedy IS_TEMPLATE true");
    await query("SET ROLE greedy; CREATE TABLE things (id int)", server.connectionString("greedy"));
    const { stack } = await bench.open("greedy", cloneOf("greedy"));
    const failure = await stack.up().catch((error: unknown) => String(error));
    expect(failure).toContain("also owns databases");
    expect(
      await query("SELECT pg_get_userbyid(datdba)::text AS owner FROM pg_database WHERE datname = 'greedy'"),
    ).toEqual([{ owner: "greedy" }]);
    expect(await ownersOfTables(server.connectionString("greedy_clone"))).toEqual([{ owner: "greedy" }]);
    await query("DROP DATABASE greedy_clone");
    await stack.destroy();
  });
});

describe("runs with different configuration at the same time", () => {
  it("each work on their own server, one of them without a superuser", async () => {
    const program = (host: string) => async () => {
      const provider = new postgresql.Provider("server", { host });
      const owner = new postgresql.Role("owner", { name: "twin_owner" }, { provider });
      const login = new postgresql.Role(
        "login",
        { name: "twin_login", login: true, password: "twin", roles: [owner.name], assumeRole: owner.name },
        { provider },
      );
      const database = new postgresql.Database("database", { name: "twin", owner: owner.name }, { provider });
      new postgresql.Grant(
        "closed",
        { database: database.name, role: "public", objectType: "database", privileges: [] },
        { provider, dependsOn: login },
      );
    };
    const plain = await bench.open("twin-plain", program("plain.example"));
    const other = await bench.open("twin-managed", program("managed.example"));
    await Promise.all([plain.stack.up(), other.stack.up()]);
    const marks = "SELECT shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = 'twin'";
    expect(await query(marks)).toEqual([{ mark: "onvera:twin-plain" }]);
    expect(await query(marks, managedUrl)).toEqual([{ mark: "onvera:twin-managed" }]);
    const url = `postgres://twin_login:twin@127.0.0.1:${managed.port}/twin`;
    await query("CREATE SCHEMA kept; CREATE TABLE kept.things (id int)", url);
    expect((await other.stack.up()).summary.resourceChanges).toEqual({ same: 6 });
    await Promise.all([plain.stack.destroy(), other.stack.destroy()]);
    const left = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'twin%'";
    expect([...(await query(left)), ...(await query(left, managedUrl))]).toEqual([]);
  });
});

describe("the fence", () => {
  const program = async () => {
    new BenchItem("item", { name: "item", size: 1 });
  };
  const ledgerFile = (stack: string) =>
    access(join(bench.folder, "ledger", stack, "item.json")).then(
      () => true,
      () => false,
    );

  it("refuses every side effect of a run whose generation is past", async () => {
    behaviour.checkFence = async ({ generation }) => {
      if (generation < 2) throw new Error("Generation 1 is no longer current.");
    };
    const { stack } = await bench.open("fenced", program, 1);
    expect(await stack.up().catch((error: unknown) => String(error))).toContain("Generation 1 is no longer current.");
    expect(await ledgerFile("fenced")).toBe(false);
    const next = await bench.open("fenced", program, 2);
    await next.stack.up();
    expect(await ledgerFile("fenced")).toBe(true);
    await next.stack.destroy();
    delete behaviour.checkFence;
  });

  it("refuses a stack that no operation is running for", async () => {
    const { stack, run } = await bench.open("stray", program);
    await run.end();
    expect(await stack.up().catch((error: unknown) => String(error))).toContain(
      "No operation is running for stack stray",
    );
    expect(await ledgerFile("stray")).toBe(false);
  });

  it("makes nothing whose intent could not be kept", async () => {
    behaviour.beforeCreate = async () => {
      throw new Error("The intent could not be written.");
    };
    const { stack } = await bench.open("intent", program);
    expect(await stack.up().catch((error: unknown) => String(error))).toContain("The intent could not be written.");
    expect(await ledgerFile("intent")).toBe(false);
    delete behaviour.beforeCreate;
  });
});

describe("cancel", () => {
  it("lets the running create finish and be saved, and begins nothing after it", async () => {
    const signals = new EventEmitter();
    const reached = once(signals, "reached");
    const goOn = once(signals, "go on");
    behaviour.atPoint = async (point, { physicalName }) => {
      if (point !== "before-call" || physicalName !== "first") return;
      signals.emit("reached");
      await goOn;
    };
    const { stack } = await bench.open("halted", async () => {
      const first = new BenchItem("first", { name: "first", size: 1 });
      new BenchItem("second", { name: "second", size: 1 }, { dependsOn: first });
    });
    const controller = new AbortController();
    const onOutput = (text: string) => {
      if (text.includes("^C received")) signals.emit("canceling");
    };
    const canceling = once(signals, "canceling");
    const up = stack.up({ signal: controller.signal, onOutput }).then(
      () => "finished",
      () => "stopped",
    );
    await Promise.race([reached, up]);
    controller.abort();
    await Promise.race([canceling, up]);
    signals.emit("go on");
    expect(await up).toBe("stopped");
    delete behaviour.atPoint;
    const state = await stack.exportStack();
    const names = state.deployment.resources.filter((one: { type: string }) => one.type === onveraTypes.benchItem);
    expect(names.map((one: { id: string }) => one.id)).toEqual(["first"]);
    await stack.destroy();
  });
});

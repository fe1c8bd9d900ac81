import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as postgresql from "@pulumi/postgresql";
import * as random from "@pulumi/random";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { benchItem } from "../../src/providers/onvera/bench-item.ts";
import { BenchItem } from "../../src/providers/onvera/resources.ts";
import { postgresqlPackage } from "../../src/providers/postgresql/package.ts";
import { createPgAdmin } from "../../src/providers/postgresql/pg-admin.ts";
import { randomPackage } from "../../src/providers/random/package.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";
import { startWorkbench, type Workbench } from "../support/provider-workbench.ts";

let server: ScratchPostgres;
let bench: Workbench;
const intents: string[] = [];

beforeAll(async () => {
  server = await startScratchPostgres();
  bench = await startWorkbench(
    (folder) => [
      randomPackage,
      postgresqlPackage(createPgAdmin(() => ({ connectionString: server.connectionString("postgres") }))),
      { name: "onvera", version: "0.1.0", handlers: [benchItem(join(folder, "ledger"))] },
    ],
    {
      beforeCreate: async (intent) => void intents.push(`${intent.operationId} ${intent.type} ${intent.physicalName}`),
      afterCreate: async () => {},
      checkFence: async () => {},
    },
  );
});
afterAll(async () => {
  await bench.stop();
  await server.stop();
});

const query = async (text: string, values: unknown[] = [], connectionString = server.connectionString("postgres")) => {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows;
  } finally {
    await client.end();
  }
};

describe("one stack's life with our providers", () => {
  const wish = { size: 10, template: "template0", connectionLimit: 5 };
  const program = async () => {
    const password = new random.RandomPassword("password", { length: 24, special: false });
    const owner = new postgresql.Role("owner", { name: "life_owner" });
    const login = new postgresql.Role("login", {
      name: "life_a",
      login: true,
      password: password.result,
      roles: [owner.name],
      assumeRole: owner.name,
      connectionLimit: wish.connectionLimit,
    });
    const database = new postgresql.Database(
      "database",
      { name: "life", owner: owner.name, template: wish.template, encoding: "UTF8", alterObjectOwnership: true },
      { ignoreChanges: ["template"] },
    );
    new postgresql.Grant("closed", { database: database.name, role: "public", objectType: "database", privileges: [] });
    new BenchItem("item", { name: "item", size: wish.size });
    return { password: password.result, login: login.name };
  };

  it("makes everything once, with an intent for each thing outside the state, and a login that works", async () => {
    const { stack } = await bench.open("life", program);
    const up = await stack.up();
    expect(up.summary.resourceChanges).toEqual({ create: 7 });
    expect(intents.toSorted()).toEqual([
      "op_life onvera:bench:Item item",
      "op_life postgresql:index/database:Database life",
      "op_life postgresql:index/grant:Grant public_life_database",
      "op_life postgresql:index/role:Role life_a",
      "op_life postgresql:index/role:Role life_owner",
    ]);
    const url = `postgres://life_a:${up.outputs.password?.value}@127.0.0.1:${server.port}/life`;
    expect(await query("SELECT current_user::text AS me", [], url)).toEqual([{ me: "life_owner" }]);
    expect(await query("SELECT has_database_privilege('public', 'life', 'CONNECT') AS open")).toEqual([
      { open: false },
    ]);
  });

  it("leaves no secret in the state's text and no administrator's password at all", async () => {
    const { stack, stateText } = await bench.open("life", program);
    const password = (await stack.outputs()).password;
    expect(password?.secret).toBe(true);
    const text = await stateText();
    expect(text).toContain("life_a");
    expect(text).not.toContain(password?.value);
    expect(text).not.toContain(server.password);
  });

  it("finds nothing to do the second time, nor after a refresh", async () => {
    const { stack } = await bench.open("life", program);
    expect((await stack.up()).summary.resourceChanges).toEqual({ same: 7 });
    expect((await stack.refresh()).summary.resourceChanges).toEqual({ same: 7 });
    expect((await stack.up()).summary.resourceChanges).toEqual({ same: 7 });
  });

  it("updates in place what can change, and ignores a changed template", async () => {
    wish.size = 20;
    wish.template = "template1";
    wish.connectionLimit = 7;
    const { stack } = await bench.open("life", program);
    const preview = await stack.preview();
    expect(preview.changeSummary).toEqual({ same: 5, update: 2 });
    expect((await stack.up()).summary.resourceChanges).toEqual({ same: 5, update: 2 });
    expect(await query("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'life_a'")).toEqual([{ rolconnlimit: 7 }]);
    expect(JSON.parse(await readFile(join(bench.folder, "ledger/life/item.json"), "utf8"))).toMatchObject({ size: 20 });
  });

  it("sees drift on refresh and mends it", async () => {
    await query("ALTER ROLE life_a CONNECTION LIMIT 99");
    const { stack } = await bench.open("life", program);
    expect((await stack.refresh()).summary.resourceChanges).toEqual({ same: 6, update: 1 });
    expect((await stack.up()).summary.resourceChanges).toEqual({ same: 6, update: 1 });
    expect(await query("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'life_a'")).toEqual([{ rolconnlimit: 7 }]);
  });

  it("takes everything away, sessions included, and finds nothing left the second time", async () => {
    const { stack } = await bench.open("life", program);
    const url = `postgres://life_a:${(await stack.outputs()).password?.value}@127.0.0.1:${server.port}/life`;
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    const ended = new Promise((resolve) => holder.once("end", resolve));
    holder.on("error", () => {});
    await stack.destroy();
    await ended;
    expect(await query("SELECT datname FROM pg_database WHERE datname = 'life'")).toEqual([]);
    expect(await query("SELECT rolname FROM pg_roles WHERE rolname LIKE 'life%'")).toEqual([]);
    expect((await stack.destroy()).summary.resourceChanges ?? {}).toEqual({});
  });
});

describe("import by id", () => {
  it("adopts roles, databases, grants, values and items, and then finds nothing to do (NH-03)", async () => {
    await query("CREATE ROLE import_owner");
    await query("CREATE DATABASE import_db OWNER import_owner");
    await query("REVOKE ALL ON DATABASE import_db FROM PUBLIC");
    let adopt = true;
    const by = (id: string) => (adopt ? { import: id } : {});
    const program = async () => {
      const owner = new postgresql.Role("owner", { name: "import_owner" }, by("import_owner"));
      const database = new postgresql.Database(
        "database",
        { name: "import_db", owner: owner.name, template: "template0", encoding: "UTF8" },
        by("import_db"),
      );
      new postgresql.Grant(
        "closed",
        { database: database.name, role: "public", objectType: "database", privileges: [] },
        by("public_import_db_database"),
      );
      new random.RandomPassword("password", { length: 9, special: false }, by("known4you"));
      new random.RandomId("id", { byteLength: 4 }, by("q83vEg"));
    };
    const { stack } = await bench.open("import", program);
    const up = await stack.up();
    expect(up.summary.resourceChanges).toEqual({ create: 1, import: 5 });
    adopt = false;
    expect((await stack.up()).summary.resourceChanges).toEqual({ same: 6 });
    await stack.destroy();
    expect(await query("SELECT datname FROM pg_database WHERE datname = 'import_db'")).toEqual([]);
  });

  it("sets a password it could not read with one update (NH-03)", async () => {
    await query("CREATE ROLE import_login LOGIN PASSWORD 'another'");
    let adopt = true;
    const { stack } = await bench.open("import-login", async () => {
      new postgresql.Role(
        "login",
        { name: "import_login", login: true, password: "right-one" },
        adopt ? { import: "import_login" } : {},
      );
    });
    expect((await stack.up()).summary.resourceChanges).toEqual({ create: 1, import: 1 });
    adopt = false;
    expect((await stack.up()).summary.resourceChanges).toEqual({ same: 1, update: 1 });
    expect((await stack.up()).summary.resourceChanges).toEqual({ same: 2 });
    const url = `postgres://import_login:right-one@127.0.0.1:${server.port}/postgres`;
    expect(await query("SELECT 1 AS one", [], url)).toEqual([{ one: 1 }]);
    await stack.destroy();
  });
});

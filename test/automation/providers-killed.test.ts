import { readdir } from "node:fs/promises";
import { join } from "node:path";
import * as postgresql from "@pulumi/postgresql";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ProviderHooks, SideEffectPoint } from "../../src/providers/host/hooks.ts";
import { benchItem } from "../../src/providers/onvera/bench-item.ts";
import { BenchItem } from "../../src/providers/onvera/resources.ts";
import { postgresqlPackage } from "../../src/providers/postgresql/package.ts";
import { createPgAdmin } from "../../src/providers/postgresql/pg-admin.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";
import { openHooks, startWorkbench, type Workbench } from "../support/provider-workbench.ts";

let server: ScratchPostgres;
let bench: Workbench;
const behaviour: Partial<ProviderHooks> = {};

beforeAll(async () => {
  server = await startScratchPostgres();
  bench = await startWorkbench(
    (folder) => [
      postgresqlPackage(createPgAdmin(() => ({ connectionString: server.connectionString("postgres") }))),
      { name: "onvera", version: "0.1.0", handlers: [benchItem(join(folder, "ledger"))] },
    ],
    { ...openHooks, atPoint: async (point, moment) => behaviour.atPoint?.(point, moment) },
  );
});
afterAll(async () => {
  await bench.stop();
  await server.stop();
});

const programOf = (name: string) => async () => {
  const owner = new postgresql.Role("owner", { name: `${name}_owner` });
  const login = new postgresql.Role("login", {
    name: `${name}_login`,
    login: true,
    roles: [owner.name],
    password: "secret",
  });
  const database = new postgresql.Database("database", { name, owner: owner.name }, { dependsOn: login });
  const grant = new postgresql.Grant("closed", {
    database: database.name,
    role: "public",
    objectType: "database",
    privileges: [],
  });
  new BenchItem("item", { name: "item", size: 1 }, { dependsOn: grant });
};

/** Everything the program made, as the server and the ledger know it. */
async function reality(name: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: server.connectionString("postgres") });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      `SELECT rolname::text AS name FROM pg_roles WHERE rolname LIKE $1 || '\\_%'
       UNION ALL SELECT datname::text FROM pg_database WHERE datname = $1
       UNION ALL SELECT 'closed' FROM pg_database WHERE datname = $1 AND NOT has_database_privilege('public', oid, 'CONNECT')`,
      [name],
    );
    const items = await readdir(join(bench.folder, "ledger", name)).catch(() => []);
    return [...rows.map((row) => row.name), ...items].toSorted();
  } finally {
    await client.end();
  }
}

const points: SideEffectPoint[] = ["before-call", "after-side-effect"];
const victims = ["owner", "database", "closed", "item"];
const cases = victims.flatMap((victim) => points.map((point) => [victim, point] as const));

describe("a CLI killed in the middle of an up", () => {
  it.each(cases)("%s, %s: the next attempt ends with everything there once (NH-03, NH-15)", async (victim, point) => {
    const name = `k${cases.findIndex(([one, other]) => one === victim && other === point)}`;
    const program = programOf(name);
    const first = await bench.open(name, program);
    behaviour.atPoint = async (at, { urn }) => {
      if (at === point && urn.endsWith(`::${victim}`)) await bench.killCli();
    };
    await expect(first.stack.up()).rejects.toThrow();
    delete behaviour.atPoint;
    await first.run.end();

    const next = await bench.open(name, program, 2);
    await next.stack.cancel();
    await next.stack.refresh({ clearPendingCreates: true });
    await next.stack.up();
    expect(await reality(name)).toEqual([`${name}_login`, `${name}_owner`, "closed", "item.json", name].toSorted());
    const state = await next.stack.exportStack();
    expect(state.deployment.pending_operations ?? []).toEqual([]);
    expect((await next.stack.up()).summary.resourceChanges).toEqual({ same: 6 });
    await next.stack.destroy();
    expect(await reality(name)).toEqual([]);
  });

  it("in the middle of a destroy, the next destroy takes away what is left", async () => {
    const program = programOf("kd");
    const first = await bench.open("kd", program);
    await first.stack.up();
    behaviour.atPoint = async (at, { urn }) => {
      if (at === "after-side-effect" && urn.endsWith("::database")) await bench.killCli();
    };
    await expect(first.stack.destroy()).rejects.toThrow();
    delete behaviour.atPoint;
    await first.run.end();
    const next = await bench.open("kd", program, 2);
    await next.stack.cancel();
    await next.stack.destroy();
    expect(await reality("kd")).toEqual([]);
  });
});

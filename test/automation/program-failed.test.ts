/** A deployment whose first job fails: what was made stays, can be gone on with, and can be destroyed. */
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ProgramInput } from "../../src/domain/program-input.ts";
import { onveraPackage } from "../../src/providers/onvera/package.ts";
import { postgresqlPackage } from "../../src/providers/postgresql/package.ts";
import { createPgAdmin } from "../../src/providers/postgresql/pg-admin.ts";
import { randomPackage } from "../../src/providers/random/package.ts";
import { deploymentProgram } from "../../src/stacks/program.ts";
import { localTarget } from "../../src/stacks/targets/local/index.ts";
import { deploymentId, input, names } from "../stacks/fixtures.ts";
import { createFakeSupervisor } from "../support/fake-supervisor.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";
import { startWorkbench, type Workbench, type WorkbenchStack } from "../support/provider-workbench.ts";

const supervisor = createFakeSupervisor();
let postgres: ScratchPostgres;
let workbench: Workbench;
let opened: WorkbenchStack;
let current: ProgramInput;

beforeAll(async () => {
  postgres = await startScratchPostgres();
  const { host, port, superuser: user, password } = postgres;
  workbench = await startWorkbench((folder) => [
    randomPackage,
    postgresqlPackage(createPgAdmin(() => ({ host, port, user, password }))),
    onveraPackage({ supervisor, ledgerFolder: join(folder, "ledger") }),
  ]);
  current = input({ context: { ...input().context, templateDatabase: null } });
  opened = await workbench.open(deploymentId, () => deploymentProgram(current, localTarget)());
});
afterAll(async () => {
  await workbench?.stop();
  await postgres?.stop();
});

/** Names of the deployment's roles and databases that exist. */
async function made(): Promise<string[]> {
  const client = new pg.Client({ connectionString: postgres.connectionString() });
  await client.connect();
  try {
    const { rows } = await client.query(
      "SELECT rolname AS name FROM pg_roles WHERE rolname LIKE $1 UNION SELECT datname FROM pg_database WHERE datname LIKE $1 ORDER BY name",
      [`${names.database}%`],
    );
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

it("a failed job starts no process, opens no route and tells its last lines (ON-34)", async () => {
  supervisor.failingJobs.add("migrate");
  await expect(opened.stack.up()).rejects.toThrow(/no such table/);
  expect(supervisor.calls.filter((call) => /^(putProcess|putRoute|putJob init)/.test(call))).toEqual([]);
  expect(await made()).toEqual([names.database, names.a, names.b, names.owner].sort());
});

it("a second attempt goes on from there and replaces nothing (TN-3)", async () => {
  supervisor.failingJobs.clear();
  const { summary } = await opened.stack.up();
  expect(Object.keys(summary.resourceChanges ?? {}).sort()).toEqual(["create", "same"]);
  expect(supervisor.calls.at(-1)).toMatch(/^putRoute/);
});

it("what is half made is destroyed whole, and nothing is made on the way (TN-11, ON-46)", async () => {
  current = { ...current, options: { protect: false, adopt: {} } };
  await opened.stack.destroy({ runProgram: true });
  expect(await made()).toEqual([]);

  current = { ...current, options: { protect: true, adopt: {} } };
  supervisor.failingJobs.add("migrate");
  await expect(opened.stack.up()).rejects.toThrow();
  supervisor.forget();
  current = { ...current, options: { protect: false, adopt: {} } };
  await opened.stack.destroy({ runProgram: true });
  expect(supervisor.calls.filter((call) => call.startsWith("put"))).toEqual([]);
  expect(await made()).toEqual([]);
  expect(await supervisor.getDeployment(deploymentId)).toBeNull();
});

/** A server that ends in the middle of DROP DATABASE leaves a database that only a further drop may touch. */
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createAdminConnection } from "../../src/automation/targets/database-server/admin-connection.ts";
import { removeTenantDatabase } from "../../src/automation/targets/database-server/tenant-database.ts";
import { newId } from "../../src/domain/ids.ts";
import { databaseName } from "../../src/domain/names.ts";
import { dropDatabase } from "../../src/providers/postgresql/database-drop.ts";
import { createPgAdmin } from "../../src/providers/postgresql/pg-admin.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

let server: ScratchPostgres;

beforeAll(async () => {
  server = await startScratchPostgres();
});
afterAll(() => server?.stop());

async function asSuperuser<Row extends pg.QueryResultRow>(...texts: string[]): Promise<Row[]> {
  const client = new pg.Client({ connectionString: server.connectionString() });
  await client.connect();
  try {
    let rows: Row[] = [];
    for (const text of texts) ({ rows } = await client.query<Row>(text));
    return rows;
  } finally {
    await client.end();
  }
}

/** What PostgreSQL itself writes first when it drops one. */
const cutOff = (name: string, ...before: string[]) =>
  asSuperuser(
    `CREATE DATABASE "${name}"`,
    ...before,
    `UPDATE pg_database SET datconnlimit = -2 WHERE datname = '${name}'`,
  );
const isThere = async (name: string) =>
  (await asSuperuser(`SELECT 1 FROM pg_database WHERE datname = '${name}'`)).length > 0;

it("is dropped by the provider at the next attempt (R1, NH-01)", async () => {
  await cutOff("cut_off", `COMMENT ON DATABASE cut_off IS 'onvera:stack-1'`);
  await expect(asSuperuser("ALTER DATABASE cut_off WITH ALLOW_CONNECTIONS false")).rejects.toThrow(/invalid database/);
  const admin = createPgAdmin(() => ({ connectionString: server.connectionString() }));
  const abandoned = new AbortController().signal;
  await dropDatabase(admin, { urn: "", stackName: "stack-1", config: {}, run: null, abandoned }, "cut_off");
  expect(await isThere("cut_off")).toBe(false);
});

it("is dropped by the destroy's own step at the next attempt (R1, ON-46)", async () => {
  const deploymentId = newId("deployment");
  await cutOff(databaseName(deploymentId));
  const fence = async () => undefined;
  await removeTenantDatabase(createAdminConnection(server.connectionString()), deploymentId, fence);
  expect(await isThere(databaseName(deploymentId))).toBe(false);
});

import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

describe("the scratch server of the tests", () => {
  let server: ScratchPostgres;
  beforeAll(async () => {
    server = await startScratchPostgres({ maxConnections: 30 });
  });
  afterAll(() => server.stop());

  it("gives an empty UTF-8 database that a client can use at once", async () => {
    const client = new pg.Client({ connectionString: await server.createDatabase() });
    await client.connect();
    const { rows } = await client.query(
      "SELECT current_setting('server_encoding') AS encoding, upper('crème') AS upper",
    );
    await client.end();
    expect(rows).toEqual([{ encoding: "UTF8", upper: "CRÈME" }]);
  });

  it("gives a control-plane database whose role is no superuser but may make roles and databases (TN-2)", async () => {
    const client = new pg.Client({ connectionString: await server.createControlDatabase() });
    await client.connect();
    const { rows } = await client.query(
      "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user",
    );
    await client.end();
    expect(rows).toEqual([{ rolsuper: false, rolcreaterole: true, rolcreatedb: true }]);
  });
});

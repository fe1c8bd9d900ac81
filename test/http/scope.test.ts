/** Transactions and their scope: whoever does not get it gets nothing done, and hears why. */
import { sql } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

describe("a transaction of the store", () => {
  let server: ScratchPostgres;
  let connectionString: string;
  let admin: pg.Client;

  beforeAll(async () => {
    server = await startScratchPostgres();
    connectionString = await server.createControlDatabase();
    await migrate(connectionString);
    admin = new pg.Client({ connectionString: server.connectionString(new URL(connectionString).pathname.slice(1)) });
    await admin.connect();
  });
  afterAll(async () => {
    await admin?.end();
    await server?.stop();
  });

  it("does nothing when its scope is refused, and says that it was (R7)", async () => {
    const database = new URL(connectionString).pathname.slice(1);
    await admin.query("CREATE ROLE stranger LOGIN PASSWORD 'stranger'");
    await admin.query(`GRANT CONNECT ON DATABASE ${database} TO stranger`);
    await admin.query("CREATE TABLE public.written (id integer)");
    await admin.query("GRANT ALL ON public.written TO stranger; GRANT USAGE ON SCHEMA onvera TO stranger");
    const url = Object.assign(new URL(connectionString), { username: "stranger", password: "stranger" });
    const store = openStore({ connectionString: url.href, maxConnections: 1 });
    try {
      const refused = /permission denied to set role/;
      const writing = store.asPlatform((db) => sql`INSERT INTO public.written VALUES (1)`.execute(db));
      await expect(writing).rejects.toThrow(refused);
      await expect(store.asPlatform(async () => "nothing asked")).rejects.toThrow(refused);
      // The connection went back without an open transaction.
      await store.pool.query("INSERT INTO public.written VALUES (2)");
    } finally {
      await store.close();
    }
    const { rows } = await admin.query("SELECT id FROM public.written");
    expect(rows).toEqual([{ id: 2 }]);
  });

  it("fails with its own error, and the next one on the connection has its own scope (R7)", async () => {
    const store = openStore({ connectionString, maxConnections: 1 });
    try {
      await expect(store.forOrganization("org_a", (db) => sql`SELECT 1 / 0`.execute(db))).rejects.toThrow(
        /division by zero/,
      );
      const scope = sql<{ organization: string }>`SELECT current_setting('onvera.organization_id') AS organization`;
      const [a, b] = await Promise.all(
        ["org_a", "org_b"].map((id) => store.forOrganization(id, (db) => scope.execute(db))),
      );
      expect([a?.rows, b?.rows]).toEqual([[{ organization: "org_a" }], [{ organization: "org_b" }]]);
      const { rows } = await store.pool.query("SELECT current_setting('onvera.organization_id', true) AS organization");
      expect(rows).toEqual([{ organization: "" }]);
    } finally {
      await store.close();
    }
  });

  it("fails when its connection breaks, and the next one gets a new connection (R5)", async () => {
    const store = openStore({ connectionString, maxConnections: 1 });
    const backend = () =>
      store.asPlatform(
        async (db) => (await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(db)).rows[0]?.pid,
      );
    try {
      const broken = await backend();
      const breaking = store.asPlatform(async (db) => {
        await admin.query("SELECT pg_terminate_backend($1, 5000)", [broken]);
        return sql`SELECT 1`.execute(db);
      });
      await expect(breaking).rejects.toThrow();
      expect(await backend()).not.toBe(broken);
    } finally {
      await store.close();
    }
  });
});

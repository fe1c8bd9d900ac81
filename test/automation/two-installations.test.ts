/** Two installations in one PostgreSQL server, each with a control role and a database of its own. */
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { newId } from "../../src/domain/ids.ts";
import { openStore, type Store } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import * as ownAppRole from "../../src/store/migrations/0006-own-app-role.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

let server: ScratchPostgres;
let urls: string[];
let stores: Store[];

beforeAll(async () => {
  server = await startScratchPostgres();
  urls = [await server.createControlDatabase(), await server.createControlDatabase()];
  for (const url of urls) await migrate(url);
  stores = urls.map((connectionString) => openStore({ connectionString }));
});
afterAll(async () => {
  for (const store of stores ?? []) await store.close();
  await server?.stop();
});

const addCluster = (store: Store | undefined, name: string) =>
  store?.asPlatform((db) =>
    db
      .insertInto("clusters")
      .values({ id: newId("cluster"), kind: "local", name, domain: "localhost", node: name, settings: "{}" })
      .execute(),
  );
const clusters = async (store: Store | undefined) => {
  const rows = await store?.asPlatform((db) => db.selectFrom("clusters").select("name").execute());
  return rows?.map(({ name }) => name);
};

it("both are set up and work side by side, each under an application role of its own (ON-30)", async () => {
  await addCluster(stores[0], "first");
  await addCluster(stores[1], "second");
  expect([await clusters(stores[0]), await clusters(stores[1])]).toEqual([["first"], ["second"]]);
  const roles = await Promise.all(
    stores.map((store) => store.asPlatform((db) => sql<{ me: string }>`SELECT current_user AS me`.execute(db))),
  );
  expect(new Set(roles.map(({ rows }) => rows[0]?.me)).size).toBe(2);
});

it("an installation that shared its application role goes on with a role of its own (ON-21)", async () => {
  const url = await server.createControlDatabase();
  await migrate(url);
  const database = new URL(url).pathname.slice(1);
  const superuser = new pg.Client({ connectionString: server.connectionString(database) });
  await superuser.connect();
  try {
    // As an earlier version left it: the shared role has the rights, the own one does not exist.
    await superuser.query(`DROP OWNED BY "${database}_app"`);
    await superuser.query(`DROP ROLE "${database}_app"`);
  } finally {
    await superuser.end();
  }
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }) });
  await ownAppRole.up(db);
  await db.destroy();
  const store = openStore({ connectionString: url });
  stores.push(store);
  await addCluster(store, "third");
  expect(await clusters(store)).toEqual(["third"]);
});

/** Connections that the server drops: whoever used one hears of it, and the process goes on. */
import { sql } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listen } from "../../src/automation/worker/notifications.ts";
import { openStore, type Scoped, type Store } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

let server: ScratchPostgres;
let url: string;
let store: Store;
let superuser: pg.Client;

beforeAll(async () => {
  server = await startScratchPostgres();
  url = await server.createControlDatabase();
  await migrate(url);
  store = openStore({ connectionString: url });
  superuser = new pg.Client({ connectionString: server.connectionString() });
  await superuser.connect();
});
afterAll(async () => {
  await store?.close();
  await superuser?.end();
  await server?.stop();
});

/** Drops connections as a server that is killed does; resolves when they are gone. */
async function drop(where: string, value: unknown): Promise<void> {
  await superuser.query(`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE ${where}`, [value]);
}

async function ownPid(db: Scoped): Promise<number> {
  const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(db);
  return rows[0]?.pid ?? 0;
}

it("one in use fails its transaction; the next one works, and the process lives (ON-17)", async () => {
  const broken = store.asPlatform(async (db) => {
    await drop("pid = $1", await ownPid(db));
    await sql`SELECT 1`.execute(db);
  });
  await expect(broken).rejects.toThrow(/terminat|closed|not queryable|connection/i);
  expect(await store.asPlatform(ownPid)).toBeGreaterThan(0);
});

it("those that wait in the pool are replaced (ON-17)", async () => {
  await Promise.all([store.asPlatform(ownPid), store.asPlatform(ownPid)]);
  await drop("datname = $1", new URL(url).pathname.slice(1));
  await expect.poll(() => store.asPlatform(ownPid).catch(() => 0)).toBeGreaterThan(0);
});

it("the worker's ear is opened again, and tells to look at what was missed (ON-17)", async () => {
  let connected = 0;
  let heard: () => void = () => undefined;
  const next = () =>
    new Promise<void>((resolve) => {
      heard = resolve;
    });
  const first = next();
  const notices = listen(url, ["onvera_queue"], (_channel, payload) => {
    if (payload !== undefined) return;
    connected += 1;
    heard();
  });
  await first;
  const second = next();
  await drop("application_name = $1", "onvera-worker-listen");
  await second;
  expect(connected).toBe(2);
  await notices.close();
});

/** Stale writers of Pulumi's state are refused by the database itself (NH-02). */
import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { raiseFence } from "../../src/automation/operations/fence.ts";
import { createFenceHooks } from "../../src/automation/recovery/intents.ts";
import { removeStackState } from "../../src/automation/recovery/state-rows.ts";
import { openStore, type Store } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { ensureStateRole } from "../../src/store/state-role.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

const stack = "dep_01890000-0000-7000-8000-000000000001";
const stateKey = (database: string) => `${database}/.pulumi/stacks/onvera/${stack}.json`;
const lockKey = (database: string) => `${database}/.pulumi/locks/organization/onvera/${stack}/1.json`;

let server: ScratchPostgres;
let store: Store;
let stateUrl: URL;
let database: string;

beforeAll(async () => {
  server = await startScratchPostgres();
  const url = await server.createControlDatabase();
  await migrate(url);
  const password = randomBytes(12).toString("hex");
  stateUrl = new URL(url);
  stateUrl.username = await ensureStateRole(url, password);
  stateUrl.password = password;
  database = stateUrl.pathname.slice(1);
  store = openStore({ connectionString: url });
});
afterAll(async () => {
  await store?.close();
  await server?.stop();
});

let generation: number;
beforeEach(async () => {
  generation = await raise();
});

const raise = () => store.asPlatform((db) => raiseFence(db, { stackName: stack, operationId: "op_1", atLeast: 1 }));

/** A session as the CLI opens it: the generation comes with the connection string. */
async function asCli<T>(sessionGeneration: number | undefined, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const options = sessionGeneration === undefined ? "" : ` -c onvera.generation=${sessionGeneration}`;
  const client = new pg.Client({ connectionString: stateUrl.href, options: `-c search_path=pulumi${options}` });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const write = (key: string) => (client: pg.Client) =>
  client.query(
    `INSERT INTO pulumi_state (key, data) VALUES ($1, '{"data":""}')
     ON CONFLICT (key) DO UPDATE SET data = EXCLUDED.data, updated_at = now()`,
    [key],
  );

describe("the fence on Pulumi's state", () => {
  it("lets the current generation insert, update and delete", async () => {
    await asCli(generation, async (client) => {
      await write(stateKey(database))(client);
      await write(stateKey(database))(client);
      await client.query("DELETE FROM pulumi_state WHERE key = $1", [stateKey(database)]);
    });
  });

  it("refuses a stale generation's insert, update and delete (NH-02)", async () => {
    await asCli(generation, write(stateKey(database)));
    const stale = generation;
    await raise();
    for (const statement of [
      write(stateKey(database)),
      write(stateKey(database).replace(".json", ".json.bak")),
      write(`${database}/.pulumi/history/onvera/${stack}/${stack}-1.history.json`),
      (client: pg.Client) => client.query("DELETE FROM pulumi_state WHERE key = $1", [stateKey(database)]),
    ]) {
      await expect(asCli(stale, statement)).rejects.toThrow(/Stale write to stack/);
    }
  });

  it("refuses a session without a generation, also for what belongs to no stack", async () => {
    await expect(asCli(undefined, write(stateKey(database)))).rejects.toThrow(/has no generation/);
    await expect(asCli(undefined, write(`${database}/.pulumi/meta.yaml`))).rejects.toThrow(/has no generation/);
  });

  it("lets any session remove a lock, and none but the current one take it", async () => {
    await asCli(generation, write(lockKey(database)));
    await asCli(undefined, (client) => client.query("DELETE FROM pulumi_state WHERE key = $1", [lockKey(database)]));
    await expect(asCli(undefined, write(lockKey(database)))).rejects.toThrow(/has no generation/);
  });

  it("commits no write of an older generation after a bump, also when it began before (NH-02)", async () => {
    const stale = generation;
    await asCli(stale, async (client) => {
      await client.query("BEGIN");
      await write(stateKey(database))(client);
      const bumped = raise();
      const first = await Promise.race([bumped.then(() => "bumped"), waits().then(() => "waiting")]);
      expect(first).toBe("waiting");
      await client.query("COMMIT");
      expect(await bumped).toBe(stale + 1);
      await expect(write(stateKey(database))(client)).rejects.toThrow(/Stale write/);
    });
  });

  it("removes a destroyed stack's rows only under the current generation", async () => {
    await asCli(generation, write(stateKey(database)));
    await expect(removeStackState(store, stack, generation - 1)).rejects.toThrow(/Stale write/);
    await removeStackState(store, stack, generation);
    const { rows } = await store.pool.query("SELECT key FROM pulumi.pulumi_state WHERE key = $1", [stateKey(database)]);
    expect(rows).toEqual([]);
  });

  it("refuses the intent of a create that was asked for before a bump, so that the successor's stays (R2)", async () => {
    const { beforeCreate } = createFenceHooks(store);
    const intent = { stackName: stack, urn: "urn:late", type: "postgresql:index/role:Role", physicalName: "late" };
    await beforeCreate({ ...intent, operationId: "op_1", generation });
    const stale = generation;
    generation = await raise();
    await beforeCreate({ ...intent, operationId: "op_2", generation });
    await expect(beforeCreate({ ...intent, operationId: "op_1", generation: stale })).rejects.toThrow(/lost its lease/);
    const { rows } = await store.pool.query("SELECT operation_id FROM onvera.create_intents WHERE urn = 'urn:late'");
    expect(rows).toEqual([{ operation_id: "op_2" }]);
  });

  it("shows the state login nothing but the state", async () => {
    for (const table of ["operations", "custody_secrets", "data_keys", "api_keys", "stack_fences"]) {
      await expect(asCli(generation, (client) => client.query(`SELECT 1 FROM onvera.${table}`))).rejects.toThrow(
        /permission denied/,
      );
    }
  });
});

it("a worker that falls asleep inside a transaction keeps nobody from taking its work over (R1)", async () => {
  const asleep = openStore({ connectionString: store.connectionString });
  const look = (of: Store, andThen: () => Promise<unknown>) =>
    of.asPlatform(async (db) => {
      await db.selectFrom("stack_fences").selectAll().where("stack_name", "=", stack).forUpdate().execute();
      await andThen();
      await db.selectFrom("stack_fences").selectAll().execute();
    });
  const alarm = new EventEmitter();
  const holds = once(alarm, "holds");
  const late = look(asleep, () => {
    alarm.emit("holds");
    return once(alarm, "wakes");
  });
  late.catch(() => undefined);
  await holds;
  await expect(raise()).resolves.toBe(generation + 1);
  alarm.emit("wakes");
  await expect(late).rejects.toThrow();
  await asleep.close();
});

/** Resolves once the bump waits for the writer's transaction. */
async function waits(): Promise<void> {
  for (;;) {
    const { rows } = await store.pool.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    if (rows.length > 0) return;
  }
}

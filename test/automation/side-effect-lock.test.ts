/** The lock that says a provider process still works on a stack: held, waited for, given back as it was taken. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { holdSideEffects, sideEffectsEnded } from "../../src/automation/recovery/side-effect-lock.ts";
import { openStore, type Store } from "../../src/store/database.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

const stack = "dep_01890000-0000-7000-8000-000000000002";
const AT_ONCE_MILLISECONDS = 50;

describe("the side-effect lock", () => {
  let server: ScratchPostgres;
  let store: Store;

  beforeAll(async () => {
    server = await startScratchPostgres();
    store = openStore({ connectionString: await server.createControlDatabase(), maxConnections: 2 });
  });
  afterAll(async () => {
    await store?.close();
    await server?.stop();
  });

  it("is over only when every holder has released it (NH-03)", async () => {
    const first = await holdSideEffects(store, stack);
    expect(await sideEffectsEnded(store, stack, AT_ONCE_MILLISECONDS)).toBe(false);
    await first.release();
    expect(await sideEffectsEnded(store, stack, AT_ONCE_MILLISECONDS)).toBe(true);
  });

  it("gives its connection back as it was, however often it was held (R3)", async () => {
    const listeners = async () => {
      const client = await store.pool.connect();
      try {
        return client.listenerCount("error");
      } finally {
        client.release();
      }
    };
    const before = await listeners();
    for (let time = 0; time < 12; time++) await (await holdSideEffects(store, stack)).release();
    expect(await listeners()).toBe(before);
  });

  it("is taken again after its connection broke (R5)", async () => {
    const held = await holdSideEffects(store, stack);
    const admin = new pg.Client({ connectionString: server.connectionString() });
    await admin.connect();
    try {
      await admin.query("SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'");
    } finally {
      await admin.end();
    }
    while (await sideEffectsEnded(store, stack, AT_ONCE_MILLISECONDS));
    await held.release();
    expect(await sideEffectsEnded(store, stack, AT_ONCE_MILLISECONDS)).toBe(true);
  });
});

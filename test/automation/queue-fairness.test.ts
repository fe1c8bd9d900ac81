/** Turns between organizations, limits, places in line and workers of several versions, without an engine. */
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { queuePlaces } from "../../src/automation/operations/queue-place.ts";
import { OperationConflict, QueueFull, submitOperation } from "../../src/automation/operations/submit.ts";
import { type Claimant, claimOperation, knownHere } from "../../src/automation/worker/claim.ts";
import { registerWorker } from "../../src/automation/worker/leases.ts";
import { newId } from "../../src/domain/ids.ts";
import { SPEC_FORMAT } from "../../src/domain/operation.ts";
import { openStore, type Store } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import {
  changeBench,
  deployBench,
  destroyBench,
  makePlace,
  type Place,
  request,
} from "../support/control-plane-rows.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

let server: ScratchPostgres;
let store: Store;
/** Two organizations whose deployments run on one node. */
let large: Place;
let small: Place;

beforeAll(async () => {
  server = await startScratchPostgres();
  const url = await server.createControlDatabase();
  await migrate(url);
  store = openStore({ connectionString: url });
});
afterAll(async () => {
  await store?.close();
  await server?.stop();
});
beforeEach(async () => {
  // What an earlier test left in the queue would take turns too.
  await store.asPlatform((db) =>
    db
      .updateTable("operations")
      .set({ status: "canceled", ended_at: new Date() })
      .where("ended_at", "is", null)
      .execute(),
  );
  large = await makePlace(store, newId("worker"));
  small = { ...(await makePlace(store, newId("worker"))), node: large.node };
});

const claim = (changes: Partial<Claimant> = {}) =>
  claimOperation(store, { workerId: "wrk_1", capabilities: [`local:${large.node}`], leaseSeconds: 60, ...changes });
const end = (operationId: string) =>
  store.asPlatform((db) =>
    db
      .updateTable("operations")
      .set({ status: "succeeded", ended_at: new Date() })
      .where("id", "=", operationId)
      .execute(),
  );
const limit = (place: Place, limits: { running_limit?: number; queued_limit?: number }) =>
  store.asPlatform((db) =>
    db.updateTable("organization_queues").set(limits).where("organization_id", "=", place.organizationId).execute(),
  );
const reconcile = (deploymentId: string) =>
  large.store.forOrganization(large.organizationId, (db) =>
    submitOperation(db, request(large, deploymentId, "deployment.reconcile", { revision: 1 })),
  );
const statusOf = async (id: string) =>
  (await store.asPlatform((db) => db.selectFrom("operations").select("status").where("id", "=", id).executeTakeFirst()))
    ?.status;
const makeBackground = (ids: string[]) =>
  store.asPlatform((db) =>
    db
      .updateTable("operations")
      .set({ type: "deployment.reconcile", origin: "system" })
      .where("id", "in", ids)
      .execute(),
  );
const deployMany = async (place: Place, count: number): Promise<string[]> => {
  const ids: string[] = [];
  for (let index = 0; index < count; index++) ids.push((await deployBench(place, {})).operation.id);
  return ids;
};

describe("an organization with hundreds of operations in the queue", () => {
  it("makes another one wait for one operation at most, also where a single slot serves both (NH-15)", async () => {
    await deployMany(large, 120);
    const first = await claim();
    const later = await deployMany(small, 2);
    const order: string[] = [];
    for (let turn = first; order.length < 4 && turn !== undefined; turn = await claim()) {
      order.push(turn.operation.organization_id);
      await end(turn.operation.id);
    }
    expect(order).toEqual([large, small, large, small].map(({ organizationId }) => organizationId));
    expect(await queuePlaces(store, later)).toEqual([]);
  });
});

describe("what a drift sweep queued", () => {
  it("never comes before a person's operation, of whichever organization, and takes its turn behind them (P8)", async () => {
    const own = await deployMany(large, 3);
    await makeBackground(own);
    const [person] = await deployMany(small, 1);
    const order: (string | undefined)[] = [];
    for (let next = await claim(); next !== undefined; next = await claim()) order.push(next.operation.id);
    expect(order).toEqual([person, ...own]);
  });

  it("gives way while it waits to a change of the same deployment, and keeps it off once it runs", async () => {
    const { deploymentId, operation } = await deployBench(large, {});
    await end(operation.id);
    const [waiting, running] = [
      await reconcile(deploymentId),
      await changeBench(large, deploymentId, "deployment.update", {}),
    ];
    expect(running.status).toBe("queued");
    expect(await statusOf(waiting.id)).toBe("canceled");
    await end(running.id);
    const second = await reconcile(deploymentId);
    expect((await claim())?.operation.id).toBe(second.id);
    await expect(changeBench(large, deploymentId, "deployment.update", {})).rejects.toBeInstanceOf(OperationConflict);
  });
});

describe("limits of an organization", () => {
  it("hold however many workers claim at once, and leave its free places to others", async () => {
    await limit(large, { running_limit: 3 });
    await deployMany(large, 10);
    await deployMany(small, 2);
    const claims = await Promise.all(Array.from({ length: 12 }, (_, index) => claim({ workerId: `wrk_${index}` })));
    const owners = claims.flatMap((one) => (one === undefined ? [] : [one.operation.organization_id]));
    expect(owners.filter((id) => id === large.organizationId)).toHaveLength(3);
    expect(owners.filter((id) => id === small.organizationId)).toHaveLength(2);
  });

  it("refuse what goes past the queue's length, but never a destroy", async () => {
    await limit(large, { queued_limit: 2 });
    const { deploymentId, operation } = await deployBench(large, {});
    await end(operation.id);
    await deployMany(large, 2);
    await expect(deployBench(large, {})).rejects.toBeInstanceOf(QueueFull);
    await expect(destroyBench(large, deploymentId)).resolves.toMatchObject({ status: "queued" });
    await expect(deployBench(small, {})).resolves.toBeDefined();
  });
});

describe("a place in line", () => {
  it("is the order in which operations are then claimed, whatever stands in the queue (property)", async () => {
    const queue = fc.record({
      order: fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
      /** Which of them are the platform's own wishes. */
      background: fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
      claimedBefore: fc.integer({ min: 0, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(queue, async ({ order, background, claimedBefore }) => {
        const ids: string[] = [];
        for (const [index, isLarge] of order.entries()) {
          const added = await deployMany(isLarge ? large : small, 1);
          if (background[index]) await makeBackground(added);
          ids.push(...added);
        }
        for (let index = 0; index < claimedBefore; index++) await claim();
        const places = await queuePlaces(store, ids);
        const foretold = places.toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0));
        expect(foretold.map(({ position }) => position)).toEqual(foretold.map((_, index) => index + 1));
        const claimed: string[] = [];
        for (let next = await claim(); next !== undefined; next = await claim()) claimed.push(next.operation.id);
        expect(foretold.map(({ operationId }) => operationId)).toEqual(claimed);
        await Promise.all(ids.map(end));
      }),
      { numRuns: 15, seed: 42 },
    );
  });

  it("says what is waited for when it is not the turn", async () => {
    const what = async (id: string) => (await queuePlaces(store, [id]))[0]?.waitsFor;
    await limit(large, { running_limit: 1 });
    const [first, second] = await deployMany(large, 2);
    expect(await what(first ?? "")).toBe("worker");
    const worker = { id: newId("worker"), node: large.node, host: "h", pid: 1, slots: 1, version: "test" };
    await registerWorker(store, { ...worker, capabilities: [`local:${large.node}`], knows: knownHere });
    expect(await what(first ?? "")).toBe("turn");
    const running = await claim();
    expect(await what(second ?? "")).toBe("limit");
    const destroy = await destroyBench(large, running?.operation.resource_id ?? "");
    expect(await queuePlaces(store, [destroy.id])).toEqual([
      { operationId: destroy.id, position: null, waitsFor: "operation" },
    ]);
  });
});

describe("workers of two versions side by side", () => {
  it("take only what they understand: type and format of the specification", async () => {
    const [id] = await deployMany(large, 1);
    await store.asPlatform((db) =>
      db
        .updateTable("operations")
        .set({ spec_format: SPEC_FORMAT + 1 })
        .where("id", "=", id ?? "")
        .execute(),
    );
    expect(await claim()).toBeUndefined();
    expect(await claim({ knows: { types: ["deployment.destroy"], specFormat: SPEC_FORMAT + 1 } })).toBeUndefined();
    expect((await claim({ knows: { ...knownHere, specFormat: SPEC_FORMAT + 1 } }))?.operation.id).toBe(id);
  });
});

/** The queue without an engine: slots, conflicts, fairness, cancel, leases. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { NotCancelable, requestCancel } from "../../src/automation/operations/cancel.ts";
import { OperationConflict } from "../../src/automation/operations/submit.ts";
import { claimOperation } from "../../src/automation/worker/claim.ts";
import { sweepExpired } from "../../src/automation/worker/leases.ts";
import { newId } from "../../src/domain/ids.ts";
import { openStore, type Store } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import type { Operation } from "../../src/store/tables/operations.ts";
import {
  changeBench,
  deployBench,
  destroyBench,
  makePlace,
  type Place,
  testActor,
} from "../support/control-plane-rows.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

let server: ScratchPostgres;
let store: Store;
let place: Place;

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

// A node of its own per test: no worker asks for another test's operations.
beforeEach(async () => {
  place = await makePlace(store, newId("worker"));
});

const claim = (workerId = "wrk_1", leaseSeconds = 25) =>
  claimOperation(store, { workerId, capabilities: [`local:${place.node}`], leaseSeconds });
const read = (id: string): Promise<Operation> =>
  store.asPlatform((db) => db.selectFrom("operations").selectAll().where("id", "=", id).executeTakeFirstOrThrow());
const cancel = (id: string) => store.asPlatform((db) => requestCancel(db, id, testActor));
const finishedDeploy = async () => {
  const { deploymentId, operation } = await deployBench(place, {});
  await store.asPlatform(async (db) => {
    await db
      .updateTable("operations")
      .set({ status: "succeeded", ended_at: new Date() })
      .where("id", "=", operation.id)
      .execute();
    await db
      .updateTable("deployments")
      .set({ first_ready_at: new Date(), applied_revision: 1 })
      .where("id", "=", deploymentId)
      .execute();
  });
  return deploymentId;
};

describe("submit", () => {
  it("refuses a second change and names the one in the way (ON-10)", async () => {
    const { deploymentId, operation } = await deployBench(place, {});
    await expect(changeBench(place, deploymentId, "deployment.update", {})).rejects.toMatchObject({
      name: "OperationConflict",
      blockingOperationId: operation.id,
      status: "queued",
    });
  });

  it("lets a destroy wait behind a running change, one destroy at most, and no change after it", async () => {
    const { deploymentId } = await deployBench(place, {});
    const running = await claim();
    const destroy = await destroyBench(place, deploymentId);
    expect(await claim("wrk_2")).toBeUndefined();
    await expect(destroyBench(place, deploymentId)).rejects.toBeInstanceOf(OperationConflict);
    await store.asPlatform((db) =>
      db
        .updateTable("operations")
        .set({ status: "succeeded", ended_at: new Date() })
        .where("id", "=", running?.operation.id ?? "")
        .execute(),
    );
    await expect(changeBench(place, deploymentId, "deployment.update", {})).rejects.toMatchObject({
      blockingOperationId: destroy.id,
    });
    expect((await claim("wrk_2"))?.operation.id).toBe(destroy.id);
  });

  it("gives twenty requests at once for one deployment to one of them", async () => {
    const deploymentId = await finishedDeploy();
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, () => changeBench(place, deploymentId, "deployment.update", {})),
    );
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === "rejected") expect(answer.reason).toBeInstanceOf(OperationConflict);
    }
  });
});

describe("claim", () => {
  it("never gives one deployment two changing operations, whatever number of workers ask (ON-10)", async () => {
    const { deploymentId } = await deployBench(place, {});
    const changeFirst = await Promise.all(Array.from({ length: 8 }, (_, index) => claim(`wrk_${index}`)));
    expect(changeFirst.filter((one) => one !== undefined)).toHaveLength(1);
    await destroyBench(place, deploymentId);
    const then = await Promise.all(Array.from({ length: 8 }, (_, index) => claim(`wrk_${index}`)));
    expect(then.filter((one) => one !== undefined)).toEqual([]);
  });

  it("keeps a create and its queued destroy apart when both are asked for in the same moment", async () => {
    for (let round = 0; round < 10; round++) {
      const { deploymentId } = await deployBench(place, {});
      await destroyBench(place, deploymentId);
      const both = await Promise.all([claim("wrk_a"), claim("wrk_b")]);
      expect(both.filter((one) => one?.operation.resource_id === deploymentId)).toHaveLength(1);
      await store.pool.query(
        "UPDATE onvera.operations SET status = 'canceled', ended_at = now() WHERE ended_at IS NULL AND resource_id = $1",
        [deploymentId],
      );
    }
  });

  it("takes turns between organizations: the one with fewer running operations first", async () => {
    const here = { ...(await makePlace(store, newId("worker"))), node: place.node };
    await deployBench(place, {});
    await deployBench(place, {});
    const later = await deployBench(here, {});
    expect((await claim())?.operation.organization_id).toBe(place.organizationId);
    expect((await claim())?.operation.id).toBe(later.operation.id);
  });

  it("leaves operations of another node alone", async () => {
    await deployBench({ ...place, node: "node-9" }, {});
    expect(await claim()).toBeUndefined();
  });

  it("raises the generation with each claim, on the row and on the fence (NH-02)", async () => {
    const { deploymentId, operation } = await deployBench(place, {});
    const first = await claim("wrk_1", -1);
    expect(await sweepExpired(store)).toHaveLength(1);
    const second = await claim("wrk_2");
    expect(second?.lease.generation).toBeGreaterThan(first?.lease.generation ?? Number.POSITIVE_INFINITY);
    const fence = await store.asPlatform((db) =>
      db.selectFrom("stack_fences").selectAll().where("stack_name", "=", deploymentId).executeTakeFirstOrThrow(),
    );
    expect(fence).toMatchObject({ generation: second?.lease.generation, operation_id: operation.id });
  });
});

describe("cancel", () => {
  it("ends a queued operation at once, and its first deploy fails with the reason (TN-11)", async () => {
    const { deploymentId, operation } = await deployBench(place, {});
    expect((await cancel(operation.id))?.operation.status).toBe("canceled");
    expect(await claim()).toBeUndefined();
    const deployment = await store.asPlatform((db) =>
      db.selectFrom("deployments").selectAll().where("id", "=", deploymentId).executeTakeFirstOrThrow(),
    );
    expect(deployment.status).toBe("failed");
    expect(deployment.conditions).toMatchObject([{ type: "canceled" }]);
  });

  it("marks a running one and says when force may be used", async () => {
    const { operation } = await deployBench(place, {});
    await claim();
    const answer = await cancel(operation.id);
    expect(answer?.operation).toMatchObject({ status: "running" });
    expect(answer?.forced_stop_available_at).toBeInstanceOf(Date);
    expect((await cancel(operation.id))?.forced_stop_available_at).toEqual(answer?.forced_stop_available_at);
  });

  it("is refused once data began to go (ON-47, TN-9, TN-11)", async () => {
    const deploymentId = await finishedDeploy();
    const destroy = await destroyBench(place, deploymentId);
    await claim();
    await store.asPlatform((db) =>
      db.updateTable("operations").set({ irreversible_at: new Date() }).where("id", "=", destroy.id).execute(),
    );
    await expect(cancel(destroy.id)).rejects.toBeInstanceOf(NotCancelable);
  });

  it("leaves an ended operation as it is (ON-13)", async () => {
    const { operation } = await deployBench(place, {});
    await cancel(operation.id);
    expect((await cancel(operation.id))?.operation).toMatchObject({ status: "canceled" });
  });
});

describe("events", () => {
  it("number rises without gaps, whoever appends (NH-08)", async () => {
    const { operation } = await deployBench(place, {});
    await claim("wrk_1", -1);
    await sweepExpired(store);
    await claim();
    await cancel(operation.id);
    const events = await store.asPlatform((db) =>
      db.selectFrom("operation_events").selectAll().where("operation_id", "=", operation.id).orderBy("seq").execute(),
    );
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect((await read(operation.id)).next_event_seq).toBe(events.length + 1);
  });
});

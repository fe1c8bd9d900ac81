import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../src/domain/ids.ts";
import type { OperationView } from "../../src/server/schemas/operations.ts";
import { type Answer, startTestServer, type TestServer } from "../support/http.ts";
import { addWorker, begin, finish, progress } from "../support/worker-hand.ts";

let server: TestServer;
let key: string;

beforeAll(async () => {
  server = await startTestServer();
  ({ ownerKey: key } = await server.addOrganization());
});
afterAll(() => server.close());

const queued = () => server.deploy(key, {}, { ready: false });
const get = (id: string, query = "") => server.call("GET", `/api/v1/operations/${id}${query}`, { key });
const cancel = (id: string) => server.call("POST", `/api/v1/operations/${id}/cancel`, { key });

describe("waiting (ON-26)", () => {
  it("answers as soon as the operation changes, long before the time is over", async () => {
    const { operationId } = await queued();
    await begin(server.store, operationId);
    const started = performance.now();
    const waiting = get(operationId, "?wait=30s");
    await progress(server.store, operationId, "provisioning_db", "Provisioning database");
    const { data } = (await waiting).body;
    expect(data.progress.phase).toBe("provisioning_db");
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it("answers at once when the operation is over", async () => {
    const { operationId } = await queued();
    await finish(server.store, operationId);
    expect((await get(operationId, "?wait=60s")).body.data.status).toBe("succeeded");
  });

  it("answers with what is when the time is over", async () => {
    const { operationId } = await queued();
    expect((await get(operationId, "?wait=1s")).body.data.status).toBe("queued");
  });

  it("many waiters of one operation are all woken", async () => {
    const { operationId } = await queued();
    const waiting = Array.from({ length: 20 }, () => get(operationId, "?wait=30s"));
    await finish(server.store, operationId);
    for (const answer of await Promise.all(waiting)) expect(answer.body.data.status).not.toBe("queued");
  });
});

describe("cancel", () => {
  it("cancels queued work at once; a first deploy is then failed with the condition canceled (TN-11)", async () => {
    const { id, operationId } = await queued();
    const answer = await cancel(operationId);
    expect(answer.status).toBe(202);
    expect(answer.body.data).toMatchObject({ status: "canceled", forced_stop_available_at: null });
    const deployment = (await server.call("GET", `/api/v1/deployments/${id}`, { key })).body.data;
    expect(deployment.status).toBe("failed");
    expect(deployment.conditions).toMatchObject([{ type: "canceled" }]);
  });

  it("asks running work to stop, and says from when it is stopped hard", async () => {
    const { operationId } = await queued();
    await begin(server.store, operationId);
    const { data } = (await cancel(operationId)).body;
    expect(data.status).toBe("running");
    expect(data.cancel_requested_at).not.toBeNull();
    expect(data.forced_stop_available_at).toMatch(/Z$/);
  });

  it("is idempotent, also once the operation is over", async () => {
    const { operationId } = await queued();
    await cancel(operationId);
    const again = await cancel(operationId);
    expect([again.status, again.body.data.status]).toEqual([202, "canceled"]);
  });

  it("is refused once the irreversible step began (409)", async () => {
    const { operationId } = await queued();
    await begin(server.store, operationId);
    await server.store.asPlatform((db) =>
      db.updateTable("operations").set({ irreversible_at: new Date() }).where("id", "=", operationId).execute(),
    );
    const answer = await cancel(operationId);
    expect([answer.status, answer.body.error.code]).toEqual([409, "OPERATION_NOT_CANCELABLE"]);
    expect(answer.body.error.operation_id).toBe(operationId);
  });

  it("frees the slot: the next change is accepted", async () => {
    const { id } = await server.deploy(key);
    const patch = () => server.call("PATCH", `/api/v1/deployments/${id}`, { key, body: { size: "large" } });
    const first = await patch();
    expect((await patch()).status).toBe(409);
    await cancel(first.body.data.operation_id);
    expect((await patch()).status).toBe(202);
  });
});

describe("the queue, as its waiters see it (ON-14, NH-15)", () => {
  const place = (answer: Answer) => [answer.body.data.queue_position, answer.body.data.waits_for];
  /** A node of its own, so that nothing else stands in its line. */
  const emptyLine = async () => {
    const { ownerKey, organizationId } = await server.addOrganization();
    const node = newId("worker");
    const move = (operationId: string) =>
      server.store.asPlatform((db) =>
        db
          .updateTable("operations")
          .set({ capability: `local:${node}` })
          .where("id", "=", operationId)
          .execute(),
      );
    const add = async () => {
      const { operationId, id } = await server.deploy(ownerKey, {}, { ready: false });
      await move(operationId);
      return { operationId, id };
    };
    const look = (operationId: string) => server.call("GET", `/api/v1/operations/${operationId}`, { key: ownerKey });
    return { ownerKey, organizationId, node, add, look, move };
  };

  it("says where an operation stands and what it waits for, until it runs; lists say the same", async () => {
    const line = await emptyLine();
    const [first, second] = [await line.add(), await line.add()];
    expect(place(await line.look(second.operationId))).toEqual([2, "worker"]);
    await addWorker(server.store, line.node);
    expect(place(await line.look(second.operationId))).toEqual([2, "turn"]);
    const listed = (await server.call("GET", "/api/v1/operations", { key: line.ownerKey })).body.data.items;
    expect(listed.map((one: OperationView) => [one.id, one.queue_position, one.waits_for])).toEqual([
      [second.operationId, 2, "turn"],
      [first.operationId, 1, "turn"],
    ]);
    await begin(server.store, first.operationId);
    expect(place(await line.look(first.operationId))).toEqual([null, null]);
    expect(place(await line.look(second.operationId))).toEqual([1, "turn"]);
  });

  it("says that another operation has the deployment; nobody's turn brings it forward then", async () => {
    const line = await emptyLine();
    const { operationId, id } = await line.add();
    await begin(server.store, operationId);
    const destroy = await server.call("DELETE", `/api/v1/deployments/${id}`, { key: line.ownerKey });
    expect(place(await line.look(destroy.body.data.operation_id))).toEqual([null, "operation"]);
  });

  it("is told by the stream of all operations too (ON-25)", async () => {
    const line = await emptyLine();
    const { operationId } = await line.add();
    const stop = new AbortController();
    const answer = await server.app.request("/api/v1/activity", {
      headers: { "X-API-Key": line.ownerKey },
      signal: stop.signal,
    });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes(operationId)) text += (await reader?.read())?.value ?? "";
    stop.abort();
    await reader?.cancel();
    expect(JSON.parse(/^data: (.+)$/m.exec(text)?.[1] ?? "")).toMatchObject({ queue_position: 1, waits_for: "worker" });
  });
});

describe("lists (ON-15)", () => {
  it("a deployment lists its operations, newest first", async () => {
    const { id, operationId } = await server.deploy(key);
    const stop = await server.call("POST", `/api/v1/deployments/${id}/stop`, { key });
    const { data } = (await server.call("GET", `/api/v1/deployments/${id}/operations`, { key })).body;
    expect(data.items.map((item: { id: string }) => item.id)).toEqual([stop.body.data.operation_id, operationId]);
  });

  it("a deployment lists the events of all its operations", async () => {
    const { id, operationId } = await server.deploy(key);
    const stop = await server.call("POST", `/api/v1/deployments/${id}/stop`, { key });
    await finish(server.store, stop.body.data.operation_id);
    const all: { operation_id: string; seq: number }[] = [];
    let cursor = "";
    do {
      const { data } = (
        await server.call("GET", `/api/v1/deployments/${id}/events?per_page=3${cursor && `&cursor=${cursor}`}`, { key })
      ).body;
      all.push(...data.items);
      expect(data.pagination.total).toBe(8);
      cursor = data.pagination.next_cursor ?? "";
    } while (cursor);
    const places = all.map((event) => `${event.operation_id} ${event.seq}`);
    expect(new Set(places).size).toBe(8);
    expect(new Set(all.map((event) => event.operation_id))).toEqual(
      new Set([operationId, stop.body.data.operation_id]),
    );
  });
});

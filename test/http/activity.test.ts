/** One stream per tab (NH-08, QV-23): what goes on in the organization, and the logs a page has open, without gaps or doubles. */
import type { EventSourceMessage } from "eventsource-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEventReader } from "../support/event-reader.ts";
import { startTestServer, type TestServer } from "../support/http.ts";
import { append, begin, finish, progress } from "../support/worker-hand.ts";

let server: TestServer;
let organizationId: string;
let owner: string;
let key: string;

beforeAll(async () => {
  server = await startTestServer();
  ({ organizationId, owner, ownerKey: key } = await server.addOrganization());
});
afterAll(() => server.close());

type Follow = Record<string, number>;
const open = (follow: Follow = {}, as = key) => {
  const positions = Object.entries(follow).map(([id, seq]) => `${id}:${seq}`);
  return openEventReader(server.app, `/api/v1/activity?follow=${positions.join(",")}`, { "X-API-Key": as });
};

const recordsOf = (events: readonly EventSourceMessage[], operationId: string) =>
  events
    .filter(({ event }) => event === "operation_event")
    .map(({ data }) => JSON.parse(data) as { operation_id: string; seq: number; type: string })
    .filter((record) => record.operation_id === operationId);
const viewsOf = (events: readonly EventSourceMessage[], operationId: string) =>
  events
    .filter(({ event }) => event === "operation")
    .map(({ data }) => JSON.parse(data) as { id: string; status: string; progress: { phase: string } })
    .filter(({ id }) => id === operationId);
const logOf = async (operationId: string) =>
  (await server.call("GET", `/api/v1/operations/${operationId}/events?limit=1000`, { key })).body.data.items;

describe("the activity stream", () => {
  it("tells what runs at once, then every change of it, as the operation itself reads (ON-14)", async () => {
    const { operationId } = await server.deploy(key, {}, { ready: false });
    const stream = await open();
    expect([stream.status, stream.contentType]).toEqual([200, "text/event-stream"]);
    const told = () => viewsOf(stream.events, operationId);
    await stream.until(() => told().length === 1);
    expect(told().at(-1)).toMatchObject({ status: "queued" });
    await begin(server.store, operationId);
    await stream.until(() => told().at(-1)?.status === "running");
    await progress(server.store, operationId, "database_provisioning", "Creating the database");
    await stream.until(() => told().at(-1)?.progress.phase === "database_provisioning");
    await finish(server.store, operationId);
    await stream.until(() => told().at(-1)?.status === "succeeded");
    const { data } = (await server.call("GET", `/api/v1/operations/${operationId}`, { key })).body;
    expect(told().at(-1)).toEqual(data);
    stream.close();
    await stream.ended;
  });

  it("tells of an operation that began while the stream was open", async () => {
    const stream = await open();
    const { operationId } = await server.deploy(key, {}, { ready: false });
    await stream.until(() => viewsOf(stream.events, operationId).length > 0);
    expect(viewsOf(stream.events, operationId)[0]).toMatchObject({ status: "queued" });
    stream.close();
    await stream.ended;
  });

  it("shows nothing of another organization, not even what a reader asks for by id (ON-08)", async () => {
    const other = await server.addOrganization();
    const foreign = await server.deploy(other.ownerKey, {}, { ready: false });
    await begin(server.store, foreign.operationId);
    const mine = await server.deploy(key, {}, { ready: false });
    const stream = await open({ [foreign.operationId]: 0, [mine.operationId]: 0 });
    await append(server.store, foreign.operationId, [{ type: "log", data: { text: "theirs" } }]);
    await finish(server.store, foreign.operationId);
    await finish(server.store, mine.operationId);
    await stream.until(() => recordsOf(stream.events, mine.operationId).at(-1)?.type === "end");
    const ids = stream.events.map(({ data }) => JSON.parse(data)).map(({ id, operation_id: of }) => of ?? id);
    expect(ids).not.toContain(foreign.operationId);
    expect(JSON.stringify(stream.events)).not.toContain("theirs");
    stream.close();
    await stream.ended;
  });

  it("resumes after the last record read: cut again and again, nothing is missed or doubled (NH-08)", async () => {
    const { operationId } = await server.deploy(key, {}, { ready: false });
    const second = await server.deploy(key, {}, { ready: false });
    for (const id of [operationId, second.operationId]) await begin(server.store, id);
    const lines = 40;
    const writing = (async () => {
      for (let n = 0; n < lines; n++) {
        for (const id of [operationId, second.operationId]) {
          await append(server.store, id, [{ type: "log", data: { process: "web", text: `line ${n}` } }]);
        }
      }
      for (const id of [operationId, second.operationId]) await finish(server.store, id);
    })();
    const received = new Map<string, unknown[]>([
      [operationId, []],
      [second.operationId, []],
    ]);
    const follow: Follow = { [operationId]: 0, [second.operationId]: 0 };
    const isOver = () => [...received.values()].every((log) => (log.at(-1) as { type?: string })?.type === "end");
    for (let cuts = 0; !isOver(); cuts++) {
      const stream = await open(follow);
      const ended = (id: string) => recordsOf(stream.events, id).some(({ type }) => type === "end");
      const done = () =>
        [...received].every(([id, log]) => ended(id) || (log.at(-1) as { type?: string })?.type === "end");
      // Each of the first connections is cut after a few records, wherever that is in a batch.
      await stream.until(() => done() || (cuts < 6 && stream.events.length >= 3 + cuts));
      stream.close();
      await stream.ended;
      for (const [id, log] of received) {
        const records = recordsOf(stream.events, id);
        log.push(...records);
        follow[id] = records.at(-1)?.seq ?? follow[id] ?? 0;
      }
    }
    await writing;
    for (const [id, log] of received) {
      expect(log).toEqual(await logOf(id));
      expect(log.length).toBeGreaterThan(lines);
    }
  });

  it("what ended between two connections is told to the next", async () => {
    const { operationId } = await server.deploy(key, {}, { ready: false });
    const before = await open();
    await before.until(() => viewsOf(before.events, operationId).length > 0);
    before.close();
    await before.ended;
    await finish(server.store, operationId);
    const after = await open();
    await after.until(() => viewsOf(after.events, operationId).length > 0);
    expect(viewsOf(after.events, operationId)).toMatchObject([{ status: "succeeded" }]);
    after.close();
    await after.ended;
  });

  it("ends with the key that opened it", async () => {
    const { key: short, id } = await server.addKey({ organizationId, userId: owner });
    const stream = await open({}, short);
    await server.call("DELETE", `/api/v1/api-keys/${id}`, { key });
    await stream.ended;
    expect(stream.status).toBe(200);
  });

  it("needs a caller who may read operations, and positions that can be read", async () => {
    const { key: narrow } = await server.addKey({ organizationId, userId: owner, scopes: ["org:read"] });
    expect((await server.call("GET", "/api/v1/activity", { key: narrow })).status).toBe(403);
    expect((await server.call("GET", "/api/v1/activity")).status).toBe(401);
    for (const follow of ["op_x:1", "garbage", `${"op_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e:0,".repeat(51)}`]) {
      const answer = await server.call("GET", `/api/v1/activity?follow=${follow}`, { key });
      expect([answer.status, answer.body.error.code]).toEqual([400, "INVALID_REQUEST"]);
    }
  });
});

/** One log, two readers (TN-7, NH-08): pages and streams give the same records, whatever happens to the connection. */
import type { EventSourceMessage } from "eventsource-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEventReader } from "../support/event-reader.ts";
import { startTestServer, type TestServer } from "../support/http.ts";
import { scriptedRuntime } from "../support/scripted-runtime.ts";
import { append, begin, finish } from "../support/worker-hand.ts";

let server: TestServer;
let organizationId: string;
let owner: string;
let key: string;
const runtime = scriptedRuntime();

beforeAll(async () => {
  server = await startTestServer({ runtime });
  ({ organizationId, owner, ownerKey: key } = await server.addOrganization());
});
afterAll(() => server.close());

const open = (path: string, headers: Record<string, string> = {}, as = key) =>
  openEventReader(server.app, path, { "X-API-Key": as, ...headers });

const pageAll = async (operationId: string, limit = 1000) => {
  const items: { seq: number; type: string }[] = [];
  for (let after = 0; ; ) {
    const { data } = (
      await server.call("GET", `/api/v1/operations/${operationId}/events?after=${after}&limit=${limit}`, { key })
    ).body;
    items.push(...data.items);
    if (data.items.length === 0) return { items, ended: data.ended as boolean };
    after = data.next_after;
  }
};
const eventsPath = (operationId: string) => `/api/v1/operations/${operationId}/events`;

describe("operation events", () => {
  it("stream and pages hold the same records, after connections were cut again and again (NH-08)", async () => {
    const { operationId } = await server.deploy(key, {}, { ready: false });
    await begin(server.store, operationId);
    const total = 60;
    const writing = (async () => {
      for (let n = 0; n < total; n++) {
        await append(server.store, operationId, [{ type: "log", data: { process: "web", text: `line ${n}` } }]);
      }
      await finish(server.store, operationId);
    })();
    const received: EventSourceMessage[] = [];
    for (let cuts = 0; received.at(-1)?.event !== "end"; cuts++) {
      const last = received.at(-1)?.id;
      const stream = await open(eventsPath(operationId), last === undefined ? {} : { "Last-Event-ID": last });
      // Every connection is cut after a few events; the last one runs to its end.
      await stream.until(cuts < 8 ? 4 : Number.POSITIVE_INFINITY);
      received.push(...stream.events);
      stream.close();
      await stream.ended;
    }
    await writing;
    const { items, ended } = await pageAll(operationId, 7);
    expect(received.map(({ data }) => JSON.parse(data))).toEqual(items);
    expect(received.map(({ id }) => Number(id))).toEqual(items.map((_item, index) => index + 1));
    expect(received.map(({ event }) => event)).toEqual(items.map(({ type }) => type));
    expect(ended).toBe(true);
  });

  it("the last event is end, and the stream closes after it", async () => {
    const { operationId } = await server.deploy(key, {}, { ready: false });
    const stream = await open(eventsPath(operationId));
    expect([stream.status, stream.contentType]).toEqual([200, "text/event-stream"]);
    await finish(server.store, operationId);
    await stream.ended;
    expect(stream.events.at(-1)?.event).toBe("end");
  });

  it("a reader that has everything gets an empty stream that closes", async () => {
    const { operationId } = await server.deploy(key);
    const { items } = await pageAll(operationId);
    const stream = await open(eventsPath(operationId), { "Last-Event-ID": String(items.length) });
    await stream.ended;
    expect(stream.events).toEqual([]);
  });

  it("a queued operation's log starts with its status", async () => {
    const { operationId } = await server.deploy(key, {}, { ready: false });
    const { items, ended } = await pageAll(operationId);
    expect(items).toMatchObject([{ seq: 1, type: "status", data: { status: "queued" } }]);
    expect(ended).toBe(false);
  });

  it("?stream=true streams without the header, and a reader may begin in the middle", async () => {
    const { operationId } = await server.deploy(key);
    const stream = await open(`${eventsPath(operationId)}?stream=true&after=2`, { Accept: "*/*" });
    await stream.ended;
    expect(stream.events.map(({ id }) => id)).toEqual(["3", "4"]);
  });

  it("goes on when the listening connection is killed", async () => {
    const { operationId } = await server.deploy(key, {}, { ready: false });
    const stream = await open(eventsPath(operationId));
    await stream.until(1);
    await server.store.pool.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'onvera-hub'",
    );
    await finish(server.store, operationId);
    await stream.ended;
    expect(stream.events.at(-1)?.event).toBe("end");
  });

  it("ends with the key that opened it", async () => {
    const { operationId } = await server.deploy(key, {}, { ready: false });
    const { key: short, id } = await server.addKey({ organizationId, userId: owner });
    const stream = await open(eventsPath(operationId), {}, short);
    await stream.until(1);
    const started = performance.now();
    await server.call("DELETE", `/api/v1/api-keys/${id}`, { key });
    await stream.ended;
    expect(performance.now() - started).toBeLessThan(5000);
    expect(stream.events.map(({ event }) => event)).not.toContain("end");
  });

  it("at most twenty streams are open for one caller", async () => {
    const { operationId } = await server.deploy(key, {}, { ready: false });
    const { key: greedy } = await server.addKey({ organizationId, userId: owner });
    const streams = await Promise.all(Array.from({ length: 20 }, () => open(eventsPath(operationId), {}, greedy)));
    expect((await open(eventsPath(operationId), {}, greedy)).status).toBe(429);
    for (const stream of streams) stream.close();
    await Promise.all(streams.map(({ ended }) => ended));
  });
});

describe("application logs (QV-24)", () => {
  it("are read from the end, by process, and after a line already seen", async () => {
    const { id } = await server.deploy(key, { app_type: "airflow" });
    for (let n = 1; n <= 5; n++) runtime.write(id, "scheduler", `s${n}`);
    runtime.write(id, "api-server", "a1");
    const texts = async (query: string) =>
      (await server.call("GET", `/api/v1/deployments/${id}/logs${query}`, { key })).body.data.items.map(
        (line: { text: string }) => line.text,
      );
    expect(await texts("")).toEqual(["s1", "s2", "s3", "s4", "s5", "a1"]);
    expect(await texts("?tail=2")).toEqual(["s5", "a1"]);
    expect(await texts("?process=scheduler&after=3")).toEqual(["s4", "s5"]);
  });

  it("are followed live, resumed after the last line, and let go when the reader leaves", async () => {
    const { id } = await server.deploy(key);
    runtime.write(id, "web", "one");
    const stream = await open(`/api/v1/deployments/${id}/logs?follow=true&process=web`);
    await stream.until(1);
    runtime.write(id, "web", "two");
    await stream.until(2);
    expect(stream.events.map(({ data }) => JSON.parse(data).text)).toEqual(["one", "two"]);
    stream.close();
    await stream.ended;
    const resumed = await open(`/api/v1/deployments/${id}/logs?follow=true&process=web`, {
      "Last-Event-ID": stream.events.at(-1)?.id ?? "",
    });
    runtime.write(id, "web", "three");
    await resumed.until(1);
    expect(resumed.events.map(({ data }) => JSON.parse(data).text)).toEqual(["three"]);
    resumed.close();
    await resumed.ended;
    await expect.poll(() => runtime.followers()).toBe(0);
  });
});

/** A deployment's figures over time: from the node's sampler into the database, out by API and command line. */
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeFigures } from "../../src/automation/metrics/node-figures.ts";
import { createSampler, type Sampler } from "../../src/automation/metrics/sampler.ts";
import { registerWorker } from "../../src/automation/worker/leases.ts";
import { newId } from "../../src/domain/ids.ts";
import type { MetricsReport } from "../../src/local/supervisor/protocol.ts";
import { appendSample, coarse, fine, removeOldBlocks } from "../../src/store/metric-blocks.ts";
import { startTestServer, type TestServer } from "../support/http.ts";
import { createCli } from "./cli-harness.ts";

let server: TestServer;
let key: string;
let deploymentId: string;
const warned: string[] = [];

beforeAll(async () => {
  server = await startTestServer();
  ({ ownerKey: key } = await server.addOrganization());
  ({ id: deploymentId } = await server.deploy(key));
});
afterAll(() => server.close());

/** A node whose app has used `cpuSeconds` and answered `requests` by now. */
function node(
  workerId: string,
  clock: () => number,
): { sampler: Sampler; use(cpuSeconds: number, requests: number): void } {
  let used = { cpuSeconds: 0, requests: 0 };
  const report = (): MetricsReport => ({
    at: new Date(clock()).toISOString(),
    processes: [{ name: "web", replica: 0, cpuSeconds: used.cpuSeconds, cpuPercent: 0, memoryBytes: 3e8, restarts: 1 }],
    gateway: { requests: used.requests, errors: 0, bytesOut: 0, latencyMilliseconds: { p50: 4, p95: 8, p99: 9 } },
  });
  const source = nodeFigures({
    store: server.store,
    supervisor: {
      status: async () => ({
        pid: 1,
        startedAt: "",
        version: "1",
        gateway: null,
        deployments: [{ deploymentId, processes: [] }],
      }),
      getMetrics: async () => report(),
      getHealth: async () => ({
        status: "healthy",
        frontDoor: { ok: true, checkedAt: null, detail: "200" },
        processes: [],
        checkedAt: new Date().toISOString(),
      }),
    },
    node: "node-1",
    workerId,
  });
  const log = { warn: (fields: object, message: string) => void warned.push(`${message} ${JSON.stringify(fields)}`) };
  const sampler = createSampler({ store: server.store, source, log, now: clock });
  return {
    sampler,
    use(cpuSeconds, requests) {
      used = { cpuSeconds: used.cpuSeconds + cpuSeconds, requests: used.requests + requests };
    },
  };
}

async function addWorker(): Promise<string> {
  const id = newId("worker");
  const facts = { node: "node-1", host: "h", pid: 1, capabilities: [], slots: 1, version: "1" };
  await registerWorker(server.store, { ...facts, id, knows: { types: [], specFormat: 2 } });
  return id;
}

const history = (query: string) =>
  server.call("GET", `/api/v1/deployments/${deploymentId}/metrics/history${query}`, { key });
const rowsOf = async (seconds: number): Promise<number> =>
  server.store.asPlatform(async (db) => {
    const { rows } = await sql<{ n: number }>`SELECT count(*) AS n FROM metric_blocks
      WHERE deployment_id = ${deploymentId} AND resolution_seconds = ${seconds}`.execute(db);
    return rows[0]?.n ?? 0;
  });

describe("metrics over time (issue 7.4)", () => {
  it("gives what is older than a day from the five minutes, and nothing of what is older than a week", async () => {
    const at = Math.floor((Date.now() - 50 * 3_600_000) / 300_000) * 300_000;
    const values = new Map([["requests", 77]]);
    expect(await server.store.asPlatform((db) => appendSample(db, deploymentId, coarse, { at, values }))).toBe(true);
    const from = new Date(at - 600_000).toISOString();
    const { data } = (await history(`?from=${from}&to=${new Date(at + 600_000).toISOString()}&resolution=15s`)).body;
    expect(data.resolution_seconds).toBe(300);
    expect(data.series).toEqual([
      expect.objectContaining({ metric: "requests", process: null, values: [null, null, 77, null] }),
    ]);
    const far = (await history("?from=2020-01-01T00:00:00Z")).body.data;
    expect(Date.now() - Date.parse(far.from)).toBeLessThan(7.1 * 24 * 3_600_000);
    expect(far.resolution_seconds).toBe(3600);
  });

  it("keeps 15 s as blocks of five minutes, rolls them up, and gives both out on one grid", async () => {
    const begin = Math.floor(Date.now() / 600_000) * 600_000 - 1_200_000;
    let now = begin;
    const { sampler, use } = node(await addWorker(), () => now);
    for (let n = 0; n <= 40; n++) {
      await sampler.sample();
      use(1.5, 2);
      now += 15_000;
    }
    expect(warned).toEqual([]);
    expect(await rowsOf(15)).toBe(3);
    expect(await rowsOf(300)).toBe(2);

    const span = `?from=${new Date(begin).toISOString()}&to=${new Date(begin + 600_000).toISOString()}`;
    const { status, body } = await history(`${span}&resolution=15s`);
    expect(status).toBe(200);
    expect(body.data).toMatchObject({
      resolution_seconds: 15,
      from: new Date(begin).toISOString().replace(".000", ""),
    });
    const of = (metric: string) => body.data.series.find((one: { metric: string }) => one.metric === metric);
    expect(of("cpu_percent")).toMatchObject({ unit: "percent", process: "web", replica: 0 });
    expect(of("cpu_percent").values).toEqual([null, ...new Array(39).fill(10)]);
    expect(of("requests").values).toEqual([null, ...new Array(39).fill(2)]);
    expect(of("memory_bytes").values).toEqual(new Array(40).fill(3e8));
    const minutes = (await history(`${span}&resolution=5m`)).body.data;
    expect(minutes.series.find((one: { metric: string }) => one.metric === "requests").values).toEqual([38, 40]);
  });

  it("is sampled by one worker of a node, and a moment is kept once whoever brings it", async () => {
    const second = node(await addWorker(), Date.now);
    const before = await rowsOf(15);
    await second.sampler.sample();
    expect(await rowsOf(15)).toBe(before);
    const twice = { at: Date.now(), values: new Map([["errors", 1]]) };
    const add = () => server.store.asPlatform((db) => appendSample(db, deploymentId, fine, twice));
    expect([await add(), await add()]).toEqual([true, false]);
  });

  it("goes when its time is over, in batches", async () => {
    await server.store.asPlatform((db) =>
      sql`INSERT INTO metric_blocks
        SELECT id, organization_id, 15, now() - interval '26 hours' - n * interval '5 minutes', now(), '{0}', '{errors}', '{1}'
        FROM deployments, generate_series(1, 700) n WHERE id = ${deploymentId}`.execute(db),
    );
    const before = await rowsOf(15);
    const remove = () => server.store.asPlatform((db) => removeOldBlocks(db, fine));
    expect([await remove(), await remove()]).toEqual([true, false]);
    expect(await rowsOf(15)).toBe(before - 700);
    expect(await rowsOf(300)).toBe(2);
  });

  it("refuses a span that ends before it begins, and another organization", async () => {
    const turned = await history("?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z");
    expect([turned.status, turned.body.error.code]).toEqual([400, "INVALID_REQUEST"]);
    const { ownerKey } = await server.addOrganization();
    const path = `/api/v1/deployments/${deploymentId}/metrics/history`;
    expect((await server.call("GET", path, { key: ownerKey })).status).toBe(404);
  });
});

describe("onvera metrics --since and onvera top", () => {
  it("show the past as bars, and what runs now, once for programs and until Ctrl+C on a terminal", async () => {
    const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
    const cli = createCli(`http://127.0.0.1:${port}`);
    const env = { ONVERA_API_KEY: key };
    try {
      const past = await cli.run(["metrics", deploymentId, "--since", "40m"], { env });
      expect(past.code).toBe(0);
      expect(past.out).toMatch(/^FIGURE +LEAST +MEAN +MOST +LAST +\S+Z TO \S+Z\n/);
      expect(past.out).toMatch(/cpu_percent web\.0 +10 % +10 % +10 % +10 % +[ █]+\n/);
      const all = await cli.run(["top", "-o", "json"], { env });
      const [first] = JSON.parse(all.out).items;
      expect(first).toMatchObject({ id: deploymentId, metrics: { gateway: { requests: 1 } } });
      const live = await cli.run(["top", deploymentId, "--interval", "1s"], {
        env,
        isLive: true,
        interruptAt: "Ctrl+C ends this",
      });
      expect(live.code).toBe(0);
      expect(live.out).toMatch(/PROCESS +CPU +CPU TIME +MEMORY +RESTARTS\nweb\.0 /);
      expect((await cli.run(["top", "--interval", "soon"], { env })).code).toBe(2);
    } finally {
      cli.remove();
    }
  });
});

/** P4: how long the API takes to accept a deployment while a worker is busy, and how soon an operation starts. */
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { newId } from "../src/domain/ids.ts";
import { startTestServer } from "../test/support/http.ts";
import { type BenchPlane, startBenchPlane } from "./bench-plane.ts";
import { type Figure, figureOf, quantile } from "./figure.ts";

const REQUESTS_A_SECOND = 50;
const STARTS = 30;

/** `runs` requests each, in turns of 50, ours and a bare Hono route with one INSERT, at 50 a second. */
export async function p4(runs: number): Promise<Figure[]> {
  const bench = await startBenchPlane({ workerProcess: true });
  const unlimited = { perCaller: 1e9, perAddress: 1e9, failuresPerAddress: 1e9 };
  const server = await startTestServer({ limits: unlimited });
  const bare = await bareRoute(server.store.pool);
  try {
    const starts = await startDelays(bench);
    const { ownerKey } = await server.addOrganization();
    const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
    const busy = keepBusy(bench);
    const ours = () =>
      post(port, "/api/v1/deployments", { "x-api-key": ownerKey }, { app_type: "superset", name: "Bench" });
    const peer = () => post(bare.port, "/", {}, { name: "Bench" });
    await Promise.all([ours(), peer()]);
    const samples = { ours: [] as number[], peer: [] as number[] };
    for (let done = 0; done < runs; done += REQUESTS_A_SECOND) {
      samples.ours.push(...(await paced(ours)));
      samples.peer.push(...(await paced(peer)));
    }
    await busy.stop();
    const at = (share: number) => ({ ours: [quantile(samples.ours, share)], peer: [quantile(samples.peer, share)] });
    const counted = (figure: Figure): Figure => ({ ...figure, runs: { ...figure.runs, count: samples.ours.length } });
    return [
      counted(figureOf({ figure: "P4", case: "accept p50, 50 req/s, worker busy", unit: "ms", aim: "<= 3" }, at(0.5))),
      counted(figureOf({ figure: "P4", case: "accept p99, 50 req/s, worker busy", unit: "ms", aim: "" }, at(0.99))),
      figureOf(
        { figure: "P4", case: "enqueue to start p95", unit: "ms", aim: "<= 250" },
        { ours: [quantile(starts, 0.95)], peer: [] },
      ),
    ];
  } finally {
    bare.close();
    await server.close();
    await bench.stop();
  }
}

/** Milliseconds of each request; they are sent on time whether or not the ones before were answered. */
async function paced(send: () => Promise<void>): Promise<number[]> {
  const answers: Promise<number>[] = [];
  for (let index = 0; index < REQUESTS_A_SECOND; index++) {
    const start = performance.now();
    answers.push(send().then(() => performance.now() - start));
    await sleep(1000 / REQUESTS_A_SECOND);
  }
  return Promise.all(answers);
}

async function post(port: number, path: string, headers: Record<string, string>, body: unknown): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  await answer.text();
  if (answer.status >= 300) throw new Error(`${path} answered ${answer.status}`);
}

/** The least a service could do: parse the body, insert one row, answer. */
async function bareRoute(pool: { query(text: string, values?: unknown[]): Promise<unknown> }) {
  await pool.query("CREATE TABLE IF NOT EXISTS onvera.bench_rows (id text PRIMARY KEY, body jsonb NOT NULL)");
  const app = new Hono().post("/", async (c) => {
    const id = newId("request");
    await pool.query("INSERT INTO onvera.bench_rows (id, body) VALUES ($1, $2)", [
      id,
      JSON.stringify(await c.req.json()),
    ]);
    return c.json({ id }, 202);
  });
  return new Promise<{ port: number; close(): void }>((resolve) => {
    const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) =>
      resolve({ port, close: () => server.close() }),
    );
  });
}

/** From the commit that queued an operation to the claim, by the database's own clock; one at a time, slots free. */
async function startDelays({ plane, ready }: BenchPlane): Promise<number[]> {
  const spec = { bench_resources: 0 };
  const deploymentId = await ready(spec);
  const delays: number[] = [];
  for (let index = 0; index < STARTS; index++) {
    const { id } = await plane.change(deploymentId, "deployment.update", spec);
    const { requested_at: requestedAt, started_at: startedAt } = await plane.ended(id);
    if (startedAt !== null) delays.push(startedAt.getTime() - requestedAt.getTime());
  }
  return delays;
}

/** Operations one after the other on both slots until stopped. */
function keepBusy({ plane, ready }: BenchPlane): { stop(): Promise<void> } {
  let going = true;
  const spec = { bench_resources: 10 };
  const loops = [0, 1].map(async () => {
    const deploymentId = await ready(spec);
    while (going) {
      const { id } = await plane.change(deploymentId, "deployment.update", spec);
      await plane.ended(id);
    }
  });
  return {
    async stop() {
      going = false;
      await Promise.all(loops);
    },
  };
}

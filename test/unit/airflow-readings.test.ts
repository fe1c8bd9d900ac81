/** What is read of Airflow's own API, asked of a server on loopback that speaks as Airflow 3 documents it. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createAirflowReader } from "../../src/automation/metrics/airflow-readings.ts";

const NOW = Date.parse("2026-11-21T20:00:10Z");
let server: Server;
let url: string;
let asked: string[];
let goodToken: string;
let beat: string | null;

beforeEach(async () => {
  [asked, goodToken, beat] = [[], "token-1", "2026-11-21T20:00:00.000000+00:00"];
  server = createServer((request, response) => {
    const address = new URL(request.url ?? "", "http://airflow");
    asked.push(`${request.method} ${address.pathname}`);
    const say = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (address.pathname === "/api/v2/monitor/health")
      return say(200, { scheduler: { status: "healthy", latest_scheduler_heartbeat: beat } });
    if (address.pathname === "/auth/token") return say(201, { access_token: goodToken });
    if (request.headers.authorization !== `Bearer ${goodToken}`) return say(401, { detail: "Not authenticated" });
    const states = address.searchParams.getAll("state").join(",");
    const counts: Record<string, number> = {
      "scheduled,queued,up_for_retry": 4,
      running: 2,
      "failed,upstream_failed": 1,
    };
    return say(200, { task_instances: [], total_entries: counts[states] });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

const access = async () => ({ url, username: "admin", password: "x" });

it("gives the heartbeat's age at each sample and the tasks once a minute, signed in once (issue 7.4)", async () => {
  let now = NOW;
  const reader = createAirflowReader(() => now);
  const first = Object.fromEntries(await reader.read("dep_a", access));
  expect(first).toEqual({ scheduler_heartbeat_age: 10, tasks_queued: 4, tasks_running: 2, tasks_failed: 1 });
  now += 15_000;
  const before = asked.length;
  expect(Object.fromEntries(await reader.read("dep_a", access))).toEqual({ ...first, scheduler_heartbeat_age: 25 });
  expect(asked.slice(before)).toEqual(["GET /api/v2/monitor/health"]);
  now += 60_000;
  await reader.read("dep_a", access);
  expect(asked.filter((one) => one === "POST /auth/token")).toHaveLength(1);
});

it("signs in again when its token is refused", async () => {
  let now = NOW;
  const reader = createAirflowReader(() => now);
  await reader.read("dep_a", access);
  goodToken = "token-2";
  now += 60_000;
  expect((await reader.read("dep_a", access)).get("tasks_running")).toBe(2);
});

it("says nothing of an Airflow that is not there, has no heartbeat, or is none", async () => {
  const reader = createAirflowReader(() => NOW);
  expect((await reader.read("dep_b", async () => undefined)).size).toBe(0);
  expect((await reader.read("dep_c", async () => ({ ...(await access()), url: "http://127.0.0.1:1" }))).size).toBe(0);
  beat = null;
  expect((await reader.read("dep_d", access)).size).toBe(0);
});

/** What operators watch: the control plane's own figures, readiness, and the ids in its log. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registerWorker, sweepExpired } from "../../src/automation/worker/leases.ts";
import { newId } from "../../src/domain/ids.ts";
import { assembleServer } from "../support/assemble-server.ts";
import { startTestServer, type TestServer } from "../support/http.ts";
import { begin, finish } from "../support/worker-hand.ts";
import { createCli } from "./cli-harness.ts";

interface Line {
  fields: Record<string, unknown>;
  message: string;
}

const logged: Line[] = [];
const write = (fields: Record<string, unknown>, message: string) => void logged.push({ fields, message });
let server: TestServer;
let key: string;
let operatorKey: string;

beforeAll(async () => {
  server = await startTestServer({ log: { debug: write, info: write, error: write } });
  const { organizationId, ownerKey } = await server.addOrganization("Very Secret Customer");
  key = ownerKey;
  const { userId } = await server.addUser({ organizationId, role: "viewer", isOperator: true });
  operatorKey = (await server.addKey({ organizationId, userId, scopes: ["platform:read"] })).key;
});
afterAll(() => server.close());

/** Every line of the figures as `name{labels}` to number. */
async function figures(): Promise<Map<string, number>> {
  const answer = await server.call("GET", "/metrics", { key: operatorKey });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const lines = (answer.body as string).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ""), Number(/\S+$/.exec(line)?.[0])]));
}

describe("/metrics (issue 7.5)", () => {
  it("counts operations by type and result, what waits, what runs, and deployments by status", async () => {
    const { id } = await server.deploy(key);
    const stop = await server.call("POST", `/api/v1/deployments/${id}/stop`, { key });
    const error = { code: "PULUMI_FAILED", message: "x", cause: "provider", retryable: false } as never;
    await finish(server.store, stop.body.data.operation_id, { error });
    const running = await server.deploy(key, {}, { ready: false });
    await begin(server.store, running.operationId);
    const queued = await server.deploy(key, {}, { ready: false });
    await server.store.asPlatform((db) =>
      db
        .updateTable("operations")
        .set({ requested_at: new Date(Date.now() - 90_000) })
        .where("id", "=", queued.operationId)
        .execute(),
    );

    const now = await figures();
    expect(now.get('onvera_operations_total{type="deployment.create",result="succeeded"}')).toBe(1);
    expect(now.get('onvera_operations_total{type="deployment.stop",result="failed"}')).toBe(1);
    expect(now.get("onvera_operations_queued")).toBe(1);
    expect(now.get("onvera_operations_running")).toBe(1);
    expect(now.get("onvera_operation_claims_total")).toBe(3);
    expect(now.get("onvera_queue_oldest_wait_seconds")).toBeGreaterThanOrEqual(90);
    expect(now.get("onvera_queue_oldest_wait_seconds")).toBeLessThan(120);
    expect(now.get('onvera_operation_duration_seconds_bucket{type="deployment.create",le="+Inf"}')).toBe(1);
    expect(now.get('onvera_operation_duration_seconds_count{type="deployment.stop"}')).toBe(1);
    expect(now.get('onvera_deployments{status="ready"}')).toBe(1);
    expect(now.get('onvera_deployments{status="provisioning"}')).toBe(2);
    expect(now.get("onvera_database_up")).toBe(1);
    for (const name of ["process_resident_memory_bytes", "process_cpu_seconds_total", "process_start_time_seconds"])
      expect(now.get(name)).toBeGreaterThan(0);
    expect([...now.keys()]).toContain('onvera_database_connections{state="awaited"}');
  });

  it("counts what is taken back from a silent worker, and the workers that answer", async () => {
    const identity = { node: "n", host: "h", pid: 1, capabilities: [], slots: 3, version: "1" };
    const worker = { ...identity, id: newId("worker"), knows: { types: [], specFormat: 2 } };
    await registerWorker(server.store, worker);
    const before = await figures();
    expect(before.get("onvera_workers")).toBe(1);
    expect(before.get("onvera_worker_slots")).toBe(3);
    expect(before.get("onvera_worker_heartbeat_age_seconds")).toBeLessThan(30);
    for (let time = 0; time < 2; time++) {
      const { operationId } = await server.deploy(key, {}, { ready: false });
      await begin(server.store, operationId);
      await server.store.asPlatform((db) =>
        db
          .updateTable("operations")
          .set({ lease_until: new Date(0) })
          .where("id", "=", operationId)
          .execute(),
      );
      await sweepExpired(server.store);
    }
    expect((await figures()).get("onvera_lease_losses_total")).toBe(2);
  });

  it("counts requests by declared route, never by what a caller wrote", async () => {
    const before = await figures();
    for (const id of ["dep_a", "dep_b"]) await server.call("GET", `/api/v1/deployments/${id}`, { key });
    for (const path of ["/nowhere-1", "/nowhere-2"]) await server.call("GET", path);
    const after = await figures();
    const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    const route = "/api/v1/deployments/{deployment_id}";
    expect(grown(`onvera_http_requests_total{method="GET",route="${route}",status="404"}`)).toBe(2);
    expect(grown('onvera_http_requests_total{method="GET",route="other",status="404"}')).toBe(2);
    expect(grown(`onvera_http_request_duration_seconds_count{method="GET",route="${route}"}`)).toBe(2);
    expect([...after.keys()].filter((name) => /nowhere|\b(?:dep|org|op)_|Secret/.test(name))).toEqual([]);
  });

  it("is for a platform operator with the scope, and by command line", async () => {
    expect((await server.call("GET", "/metrics")).status).toBe(401);
    expect((await server.call("GET", "/metrics", { key })).status).toBe(403);
    const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
    const cli = createCli(`http://127.0.0.1:${port}`);
    try {
      const { code, out } = await cli.run(["ping", "--metrics"], { env: { ONVERA_API_KEY: operatorKey } });
      expect(code).toBe(0);
      expect(out).toContain("# TYPE onvera_operations_total counter\n");
    } finally {
      cli.remove();
    }
  });

  it("answers with what it knows itself while the database is away", async () => {
    const away = assembleServer({
      store: { ...server.store, asPlatform: () => Promise.reject(new Error("away")) },
      masterKey: { id: "mk_test", key: Buffer.alloc(32) },
      version: "0",
      singleOrganization: false,
    });
    try {
      const answer = await away.app.request("/metrics", { headers: { "X-API-Key": operatorKey } });
      const text = await answer.text();
      expect(text).toContain("onvera_database_up 0\n");
      expect(text).toContain("process_resident_memory_bytes");
      expect(text).not.toContain("onvera_operations_queued");
    } finally {
      await away.stop();
    }
  });
});

describe("readiness", () => {
  it("says when no worker answers, and is refused while a migration is missing", async () => {
    await server.store.asPlatform((db) =>
      db
        .updateTable("workers")
        .set({ heartbeat_at: new Date(0) })
        .execute(),
    );
    const alone = await server.call("GET", "/readyz");
    expect([alone.status, alone.body.data.detail]).toEqual([
      200,
      "Ready for requests; no worker answers, so operations wait",
    ]);
    await server.store.asPlatform((db) => db.updateTable("workers").set({ heartbeat_at: new Date() }).execute());
    expect((await server.call("GET", "/readyz")).body.data.detail).toBe("Ready for requests");
    const { rows } = await server.store.pool.query(
      "DELETE FROM onvera.schema_migrations WHERE name = (SELECT max(name) FROM onvera.schema_migrations) RETURNING *",
    );
    const old = await server.call("GET", "/readyz");
    expect([old.status, old.body.error.message]).toEqual([
      503,
      "The database schema is not current. Run 'onvera migrate'",
    ]);
    await server.store.pool.query("INSERT INTO onvera.schema_migrations VALUES ($1, $2)", [
      rows[0].name,
      rows[0].timestamp,
    ]);
    expect((await server.call("GET", "/readyz")).status).toBe(200);
  });
});

describe("the log (issue 7.5)", () => {
  it("connects a request with the operation it started and with those about it", async () => {
    logged.length = 0;
    const answer = await server.call("POST", "/api/v1/deployments", { key, body: { app_type: "superset" } });
    const operationId = answer.body.data.operation_id;
    await server.call("GET", `/api/v1/operations/${operationId}`, { key });
    const [started, read] = logged.map(({ fields }) => fields);
    expect(started).toMatchObject({
      request_id: answer.headers.get("x-request-id"),
      operation_id: operationId,
      route: "/api/v1/deployments",
      status: 202,
    });
    expect(read).toMatchObject({ method: "GET", operation_id: operationId });
    expect(JSON.stringify(logged)).not.toContain(key);
  });
});

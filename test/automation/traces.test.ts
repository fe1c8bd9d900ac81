/** A deploy as one trace, from the request to each resource, at a real receiver of OTLP on loopback. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createOtlpTracer } from "../../src/automation/otlp-tracer.ts";
import type { Tracer } from "../../src/automation/tracing.ts";
import { insertApiKey } from "../../src/server/services/api-keys.ts";
import { ensureUser } from "../../src/server/services/users.ts";
import { type AssembledServer, assembleServer } from "../support/assemble-server.ts";
import { type ControlPlane, startControlPlane } from "../support/control-plane.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status: { code: number };
  service: string;
}

let postgres: ScratchPostgres;
let plane: ControlPlane;
let api: AssembledServer;
let collector: Server;
let key: string;
const spans: Span[] = [];
const tracers: Tracer[] = [];

beforeAll(async () => {
  collector = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    expect([request.method, request.url, request.headers["content-type"]]).toEqual([
      "POST",
      "/v1/traces",
      "application/json",
    ]);
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = resource.attributes.find((one: { key: string }) => one.key === "service.name").value.stringValue;
      for (const { spans: some } of scopeSpans) spans.push(...some.map((span: Span) => ({ ...span, service })));
    }
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const tracer = (service: string) => {
    const made = createOtlpTracer({ endpoint, service, version: "0", log: { warn: console.warn } });
    tracers.push(made);
    return made;
  };
  postgres = await startScratchPostgres();
  plane = await startControlPlane(postgres);
  await plane.startWorker({ tracer: tracer("onvera-worker") });
  const { store, masterKey, place } = plane;
  const options = { store, masterKey, version: "0", singleOrganization: false, testApps: true };
  api = assembleServer({ ...options, tracer: tracer("onvera-server") });
  key = await store.asPlatform(async (db) => {
    const email = "tracer@example.test";
    const { id: userId } = await ensureUser(db, { email, name: "Tracer", isPlatformOperator: false });
    const { organizationId } = place;
    await db
      .insertInto("memberships")
      .values({ organization_id: organizationId, user_id: userId, role: "owner" })
      .execute();
    const wanted = { organizationId, userId, name: "t", scopes: undefined };
    return (await insertApiKey(db, { ...wanted, expiresAt: null })).key;
  });
});
afterAll(async () => {
  await api?.stop();
  await plane?.stop();
  await postgres?.stop();
  collector?.close();
});

it("is connected from the caller's own span to each resource that Pulumi made (issue 7.5)", async () => {
  const [traceId, callersSpan] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
  const answer = await api.app.request("/api/v1/deployments", {
    method: "POST",
    headers: { "X-API-Key": key, "Content-Type": "application/json", traceparent: `00-${traceId}-${callersSpan}-01` },
    body: JSON.stringify({ app_type: "bench", bench_resources: 3 }),
  });
  const { data } = (await answer.json()) as { data: { operation_id: string } };
  expect(answer.status, JSON.stringify(data)).toBe(202);
  expect((await plane.ended(data.operation_id)).status).toBe("succeeded");
  // The attempt's own span ends just after its row: closing waits for it.
  await api.stop();
  await plane.stop();
  for (const tracer of tracers) await tracer.close();

  const ours = spans.filter((span) => span.traceId === traceId);
  const named = (name: string | RegExp) =>
    ours.filter((span) => (typeof name === "string" ? span.name === name : name.test(span.name)));
  const [request] = named("POST /api/v1/deployments");
  const [operation] = named("operation deployment.create");
  const [up] = named("step up");
  const [engine] = named("pulumi up");
  expect(request).toMatchObject({ parentSpanId: callersSpan, service: "onvera-server" });
  expect(operation).toMatchObject({ parentSpanId: request?.spanId, service: "onvera-worker", status: { code: 1 } });
  expect(named("queue")).toEqual([expect.objectContaining({ parentSpanId: operation?.spanId })]);
  expect(up?.parentSpanId).toBe(operation?.spanId);
  expect(engine?.parentSpanId).toBe(up?.spanId);
  const created = named(/^create /);
  expect(created.length).toBeGreaterThanOrEqual(3);
  expect(created.every(({ parentSpanId }) => parentSpanId === engine?.spanId)).toBe(true);
  // One tree: every parent but the caller's own is there, and nothing ends before it starts.
  const ids = new Set(ours.map(({ spanId }) => spanId));
  expect(ours.filter(({ parentSpanId }) => !ids.has(parentSpanId ?? "")).map(({ name }) => name)).toEqual([
    request?.name,
  ]);
  expect(ours.every((span) => BigInt(span.startTimeUnixNano) <= BigInt(span.endTimeUnixNano))).toBe(true);
});

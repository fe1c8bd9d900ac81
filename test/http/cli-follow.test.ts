/** The command line follows the event log: every record, once, in order, whatever happens to its connection (NH-08). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/http.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { append, begin, finish, progress } from "../support/worker-hand.ts";
import { type Cli, createCli } from "./cli-harness.ts";
import { OPERATION, operation, startService } from "./cli-service.ts";

let server: TestServer;
let proxy: TcpProxy;
let cli: Cli;
let key: string;

beforeAll(async () => {
  server = await startTestServer();
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  proxy = await startTcpProxy(port);
  ({ ownerKey: key } = await server.addOrganization());
  cli = createCli(`http://127.0.0.1:${proxy.port}`);
});
afterAll(async () => {
  cli?.remove();
  await proxy?.close();
  await server?.close();
});

const run = (...line: string[]) => cli.run(line, { env: { ONVERA_API_KEY: key } });

/** Cuts every connection and waits until a reader has come back. */
async function cut(): Promise<void> {
  const before = proxy.accepted();
  proxy.cut();
  proxy.mend();
  await expect.poll(() => proxy.accepted(), { timeout: 20_000 }).toBeGreaterThan(before);
}

const order = ["initializing", "provisioning_db", "provisioning_infra", "bootstrapping_app", "configuring_subdomain"];

describe("following an operation", () => {
  it("prints every phase once, in order, also the shortest, through cut after cut (NH-08, ON-14)", async () => {
    const { operationId } = await server.deploy(key, {}, { ready: false });
    await begin(server.store, operationId);
    const following = run("ops", "wait", operationId);
    for (const [index, phase] of order.entries()) {
      await progress(server.store, operationId, phase, `In ${phase}`);
      if (index % 2 === 1) await cut();
    }
    await progress(server.store, operationId, "ready", "Ready");
    await finish(server.store, operationId);
    const { code, out } = await following;
    expect(code).toBe(0);
    const shown = [...out.matchAll(/^Status: (\w+) - (.+) \(\d+s elapsed\)$/gm)].map(([, phase]) => phase);
    expect(shown).toEqual([...order, "ready", "succeeded"]);
  });

  it("gives the very records that pages and streams give, after forced disconnects (NH-08, TN-7)", async () => {
    const { operationId } = await server.deploy(key, {}, { ready: false });
    await begin(server.store, operationId);
    const following = run("ops", "events", operationId, "--follow", "--output", "json");
    for (let round = 0; round < 4; round += 1) {
      const lines = Array.from({ length: 5 }, (_, line) => `round ${round}, line ${line}`);
      const events = lines.map((text) => ({ type: "log" as const, data: { process: "web", text } }));
      await append(server.store, operationId, events);
      await cut();
    }
    await finish(server.store, operationId);
    const { code, out } = await following;
    expect(code).toBe(0);
    const path = `/api/v1/operations/${operationId}/events`;
    const paged = (await server.call("GET", `${path}?limit=1000`, { key })).body.data.items;
    const streamed = await (await server.app.request(`${path}?stream=true`, { headers: { "X-API-Key": key } })).text();
    const records = [...streamed.matchAll(/^data: (.+)$/gm)].map((match) => JSON.parse(match[1] ?? ""));
    expect(records).toEqual(paged);
    const followed = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(followed).toEqual(paged);
    expect(followed.map(({ seq }) => seq)).toEqual(followed.map((_, index) => index + 1));
    const listed = JSON.parse((await run("ops", "events", operationId, "--output", "json")).out);
    expect(listed.items).toEqual(paged);
  });

  it("says where queued work stands and why it waits, once it lasts (ON-14, ON-26)", async () => {
    const service = await startService();
    const alone = createCli(service.url);
    const queued = (position: number | null, reason: "turn" | "operation") => ({
      status: "queued" as const,
      progress: { phase: "queued", message: "Waiting in the queue" },
      queue_position: position,
      waits_for: reason,
    });
    const long = Array.from({ length: 5 }, () => queued(2, "turn"));
    service.operation([queued(3, "turn"), queued(3, "turn"), ...long, { status: "succeeded" }]);
    try {
      const waited = await alone.run(["ops", "wait", OPERATION]);
      expect(waited.out).toContain("Status: queued - Waiting for its turn: number 2 in the queue (");
      service.operation([queued(null, "operation")]);
      expect((await alone.run(["ops", "get", OPERATION])).out).toContain(
        "Waiting for the operation that runs on the same deployment",
      );
    } finally {
      alone.remove();
      await service.close();
    }
  });

  it("polls where the service has no stream", async () => {
    const service = await startService();
    const alone = createCli(service.url);
    const state = (phase: string) => ({ status: "running" as const, progress: { phase, message: `In ${phase}` } });
    service.operation([
      state("initializing"),
      state("initializing"),
      state("provisioning_db"),
      { status: "succeeded" },
    ]);
    service.on(`GET /operations/${OPERATION}/events`, () => ({ data: { items: [], next_after: 0, ended: false } }));
    try {
      const { code, out } = await alone.run(["ops", "wait", operation().id]);
      expect(code).toBe(0);
      for (const phase of ["initializing", "provisioning_db", "succeeded"])
        expect(out).toContain(`Status: ${phase} - `);
    } finally {
      alone.remove();
      await service.close();
    }
  });
});

/** The gateway before real processes: hosts, headers, WebSocket, event streams, https, pages (TN-12, ON-44, ON-30). */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import http, { type IncomingHttpHeaders } from "node:http";
import https from "node:https";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { authorityCertificateFile } from "../../src/local/certificates/local-authority.ts";
import type { NodeSupervisorClient } from "../../src/local/supervisor/client.ts";
import { supervisorPaths } from "../../src/local/supervisor/paths.ts";
import { type RunningSupervisor, startSupervisor } from "../../src/local/supervisor/start.ts";
import {
  clientOf,
  echoServer,
  eventually,
  httpProbe,
  installProgram,
  noPackages,
  processOf,
  removeHome,
  replicaOf,
  scratchHome,
  workloadOf,
  writeRevision,
} from "../support/supervisor.ts";

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** The body, when the app answered: what it was asked. */
  asked: { pid: number; path: string; received: number; headers: Record<string, string> };
}

const id = "dep_gateway";
const host = "shop-abc123.localhost";

describe("the gateway", () => {
  const home = scratchHome();
  let supervisor: RunningSupervisor;
  let client: NodeSupervisorClient;
  let server: string;
  let httpPort = 0;
  let httpsPort = 0;

  const apply = async (
    revision: string,
    more: { replicas?: number; env?: Record<string, string>; stopped?: boolean },
  ) => {
    const web = processOf("web", ["python3", server, "{{port:web}}"], {
      ports: [{ name: "web" }],
      readiness: httpProbe,
      env: more.env ?? {},
      replicas: more.replicas ?? 1,
    });
    writeRevision(home, id, revision, workloadOf({ processes: [web] }), { host, stopped: more.stopped ?? false });
    await client.putProcess(id, "web", revision);
  };

  const ready = (replica = 0) =>
    eventually(
      () => replicaOf(client, id, "web", replica),
      (each) => each?.phase === "ready",
    );

  const ask = (
    path: string,
    headers: Record<string, string> = {},
    options: http.RequestOptions & { body?: string } = {},
  ) =>
    send(
      http.request({ host: "127.0.0.1", port: httpPort, path, headers: { host, ...headers }, ...options }),
      options.body,
    );

  beforeAll(async () => {
    server = installProgram(home, "echo.py", echoServer);
    const gateway = { address: "127.0.0.1", httpPort: 0, httpsPort: 0, domain: "localhost" };
    const backoff = { initialMilliseconds: 500, factor: 2, maxMilliseconds: 1000, stableMilliseconds: 60_000 };
    supervisor = await startSupervisor({ home, gateway, packages: noPackages, version: "test", backoff });
    client = clientOf(home);
    ({ httpPort, httpsPort } = (await client.status()).gateway ?? { httpPort: 0, httpsPort: 0 });
    await client.putDeployment(id);
    await client.putPorts(id, ["web"]);
    await client.putRoute(host, { deploymentId: id, port: "web" });
    await apply("r1", {});
    await ready();
  });

  afterAll(async () => {
    await supervisor.stop({ stopDeployments: true });
    removeHome(home);
  });

  it("leads a host to its deployment, in any case and with any port in it", async () => {
    const answer = await ask("/some/path?x=1&y=%20", { host: `Shop-ABC123.localhost:${httpPort}` });
    expect(answer.status).toBe(200);
    expect(answer.asked.path).toBe("/some/path?x=1&y=%20");
    expect(answer.asked.headers.host).toBe(`Shop-ABC123.localhost:${httpPort}`);
  });

  it("passes a body of several megabytes on unchanged in length", async () => {
    const body = "x".repeat(5_000_000);
    const answer = await ask("/upload", { "content-length": String(body.length) }, { method: "POST", body });
    expect(answer.asked.received).toBe(body.length);
  });

  it("tells the app who asked, whatever the client claims", async () => {
    const { asked } = await ask("/", {
      ...{ "x-forwarded-for": "6.6.6.6", "x-forwarded-proto": "https", "x-forwarded-host": "evil.example" },
      ...{ "x-forwarded-prefix": "/evil", "x-real-ip": "6.6.6.6", forwarded: "for=6.6.6.6" },
    });
    expect(asked.headers).toMatchObject({
      ...{ "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http", "x-forwarded-host": host },
      ...{ "x-forwarded-port": String(httpPort), "x-real-ip": "127.0.0.1" },
    });
    expect(asked.headers["x-forwarded-prefix"]).toBeUndefined();
    expect(asked.headers.forwarded).toBeUndefined();
  });

  it("keeps our own cookies and keys from the app, and lets the app's through", async () => {
    const ours = await ask("/", {
      cookie: "a=1; onvera_session=secret; __Host-onvera_csrf=secret; b=2",
      ...{ authorization: "Bearer onv_sk_live_abc", "x-api-key": "onv_sk_live_abc" },
    });
    expect(ours.asked.headers.cookie).toBe("a=1; b=2");
    expect(ours.asked.headers.authorization).toBeUndefined();
    expect(ours.asked.headers["x-api-key"]).toBeUndefined();
    const theirs = await ask("/", { authorization: "Basic dXNlcjpwYXNz", "x-api-key": "theirs", cookie: "session=1" });
    expect(theirs.asked.headers).toMatchObject({
      authorization: "Basic dXNlcjpwYXNz",
      "x-api-key": "theirs",
      cookie: "session=1",
    });
  });

  it("keeps an app's cookies from reaching other deployments (ON-30)", async () => {
    const { headers } = await ask("/");
    expect(headers["set-cookie"]).toEqual(["session=1; Path=/", "other=2; HttpOnly"]);
  });

  it("answers 404 for a host it does not know, as a page or as JSON", async () => {
    const page = await ask("/", { host: "other-abc123.localhost", accept: "text/html" });
    expect(page).toMatchObject({ status: 404, body: expect.stringContaining("other-abc123.localhost") });
    const json = await ask("/", { host: "<script>.localhost", accept: "application/json" });
    expect(json.status).toBe(404);
    expect(JSON.parse(json.body)).toMatchObject({ status: 404, error: { code: "HOST_UNKNOWN" } });
    expect((await ask("/", { host: "evil.example" })).status).toBe(404);
  });

  it("joins WebSockets to the app's", async () => {
    const key = randomBytes(16).toString("base64");
    const headers = {
      host,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-key": key,
      "sec-websocket-version": "13",
    };
    const request = http.request({ host: "127.0.0.1", port: httpPort, path: "/socket", headers });
    const echoed = await new Promise<string>((resolve, reject) => {
      request.once("error", reject);
      request.once("response", (response) => reject(new Error(`status ${response.statusCode}`)));
      request.once("upgrade", (response, socket) => {
        const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
        expect(response.headers["sec-websocket-accept"]).toBe(accept);
        socket.once("data", (data) => {
          socket.destroy();
          resolve(data.toString());
        });
        socket.write("hello");
      });
      request.end();
    });
    expect(echoed).toBe("echo:hello");
  });

  it("hands events of a stream on as they come", async () => {
    const events = await new Promise<string>((resolve, reject) => {
      const request = http.get(
        { host: "127.0.0.1", port: httpPort, path: "/events", headers: { host } },
        (response) => {
          let text = "";
          response.on("data", (chunk) => {
            text += chunk;
            if (!text.includes("data: 2")) return;
            request.destroy();
            resolve(text);
          });
          response.on("end", () => reject(new Error("the stream ended")));
        },
      );
      request.on("error", () => {});
    });
    expect(events).toMatch(/^data: 0\n\ndata: 1\n\ndata: 2/);
  });

  it("answers https with a certificate for the very host from the local authority (ON-44, TN-12)", async () => {
    const ca = readFileSync(authorityCertificateFile(supervisorPaths(home).certificates));
    const options = { host: "127.0.0.1", port: httpsPort, servername: host, headers: { host }, ca, path: "/" };
    const answer = await send(https.request(options));
    expect(answer.status).toBe(200);
    expect(answer.asked.headers).toMatchObject({ "x-forwarded-proto": "https", "x-forwarded-port": String(httpsPort) });
    // Without the authority, and for a name that leads nowhere, the same connection is refused by the client.
    await expect(send(https.request({ ...options, ca: undefined }))).rejects.toThrow();
    await expect(send(https.request({ ...options, servername: "nobody-abc123.localhost" }))).rejects.toThrow(
      /altnames|match/i,
    );
  });

  it("shares requests among the copies that are ready, each with a port of its own (ON-24)", async () => {
    await apply("r2", { replicas: 2 });
    await ready(1);
    const state = await client.getDeployment(id);
    expect(state?.ports["web-1"]).toBeGreaterThan(0);
    const pids = new Set<number>();
    for (let n = 0; n < 6; n++) pids.add((await ask("/")).asked.pid);
    expect(pids.size).toBe(2);
    await apply("r3", {});
    await eventually(
      () => replicaOf(client, id, "web", 1),
      (each) => each === undefined,
    );
    expect((await ask("/")).status).toBe(200);
  });

  it("counts requests, errors and bytes", async () => {
    const before = (await client.getMetrics(id)).gateway;
    for (let n = 0; n < 5; n++) await ask("/");
    const after = (await client.getMetrics(id)).gateway;
    expect(after.requests - before.requests).toBe(5);
    expect(after.bytesOut - before.bytesOut).toBeGreaterThan(500);
    expect(after.latencyMilliseconds.p50).toBeGreaterThan(0);
    expect(after.latencyMilliseconds.p99).toBeGreaterThanOrEqual(after.latencyMilliseconds.p50);
  });

  it("names the process when the app hangs up, and says where to look", async () => {
    const answer = await ask("/hang-up", { accept: "text/html" });
    expect(answer.status).toBe(502);
    expect(answer.body).toContain("“web”");
    expect(answer.body).toContain(`onvera logs ${id} --process web`);
    await ready();
  });

  it("answers 503 with a page that renews itself while the app starts", async () => {
    await apply("r4", { env: { SLOW_START: "1.5" } });
    const starting = await eventually(
      () => ask("/", { accept: "text/html" }),
      ({ status }) => status !== 200,
    );
    expect(starting.status).toBe(503);
    expect(starting.headers["retry-after"]).toBe("2");
    expect(starting.body).toContain('http-equiv="refresh"');
    await ready();
    expect((await ask("/")).status).toBe(200);
  });

  it("says of a stopped deployment that it is stopped, and how to start it (ON-24)", async () => {
    await apply("r5", { stopped: true });
    const page = await eventually(
      () => ask("/", { accept: "text/html" }),
      ({ body }) => body.includes("is stopped"),
    );
    expect(page.status).toBe(503);
    expect(page.body).toContain(`onvera start ${id}`);
    const json = await ask("/", { accept: "application/json" });
    expect(JSON.parse(json.body).error.code).toBe("DEPLOYMENT_STOPPED");
    await apply("r6", {});
    await ready();
    expect((await ask("/")).status).toBe(200);
  });

  it("closes a host at once, and keeps it closed when the route is put again (ON-46)", async () => {
    await client.putRouteMode(host, "closed");
    expect((await ask("/", { accept: "application/json" })).body).toContain("DEPLOYMENT_CLOSED");
    await client.putRoute(host, { deploymentId: id, port: "web" });
    expect((await ask("/")).status).toBe(503);
    await client.putRouteMode(host, "open");
    expect((await ask("/")).status).toBe(200);
    await client.deleteRoute(host);
    expect((await ask("/")).status).toBe(404);
    await client.deleteRoute(host);
  });
});

describe("the gateway of a domain", () => {
  it("answers over https only; http leads there (TN-12)", async () => {
    const home = scratchHome();
    const gateway = { address: "127.0.0.1", httpPort: 0, httpsPort: 0, domain: "apps.example.com" };
    const supervisor = await startSupervisor({ home, gateway, packages: noPackages, version: "test" });
    try {
      const { httpPort, httpsPort } = supervisor.gateway?.addresses ?? { httpPort: 0, httpsPort: 0 };
      const name = "shop-abc123.apps.example.com";
      const answer = await send(
        http.request({ host: "127.0.0.1", port: httpPort, path: "/a?b=c", headers: { host: name } }),
      );
      expect(answer.status).toBe(308);
      expect(answer.headers.location).toBe(`https://${name}:${httpsPort}/a?b=c`);
    } finally {
      await supervisor.stop({ stopDeployments: true });
      removeHome(home);
    }
  });
});

function send(request: http.ClientRequest, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request.once("error", reject);
    request.once("response", (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("error", reject);
      response.on("end", () => {
        const isJson = response.headers["content-type"] === "application/json";
        const asked = isJson ? JSON.parse(text) : undefined;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, asked });
      });
    });
    request.end(body);
  });
}

import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noRuntime } from "../../src/server/runtime-reader.ts";
import { openStore } from "../../src/store/database.ts";
import { assembleServer } from "../support/assemble-server.ts";
import { startTestServer, type TestServer } from "../support/http.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { finish } from "../support/worker-hand.ts";

let server: TestServer;
let organizationId: string;
let key: string;
const masterKey = { id: "mk_test", key: randomBytes(32) };

beforeAll(async () => {
  server = await startTestServer({ masterKey });
  ({ organizationId, ownerKey: key } = await server.addOrganization());
});
afterAll(() => server.close());

const view = (id: string, name: string) => server.call("GET", `/api/v1/deployments/${id}/${name}`, { key });

describe("health and metrics (ON-23)", () => {
  it("are the node's own words", async () => {
    const { id } = await server.deploy(key);
    expect((await view(id, "health")).body.data).toMatchObject({ status: "healthy", front_door: { ok: true } });
    expect((await view(id, "metrics")).body.data.processes[0]).toMatchObject({ name: "web", memory_bytes: 1024 });
  });

  it("are 503 when the node cannot be asked; the deployment itself still answers, health unknown", async () => {
    const alone = await startTestServer({ runtime: noRuntime });
    try {
      const { ownerKey } = await alone.addOrganization();
      const { id } = await alone.deploy(ownerKey);
      for (const name of ["health", "metrics", "logs"]) {
        const answer = await alone.call("GET", `/api/v1/deployments/${id}/${name}`, { key: ownerKey });
        expect([answer.status, answer.body.error.code]).toEqual([503, "SERVICE_UNAVAILABLE"]);
        expect(answer.headers.get("retry-after")).not.toBeNull();
      }
      const { data } = (await alone.call("GET", `/api/v1/deployments/${id}`, { key: ownerKey })).body;
      expect(data).toMatchObject({ status: "ready", health: "unknown" });
    } finally {
      await alone.close();
    }
  });

  it("a node that does not answer does not hold up a list", async () => {
    const never = new Promise<never>(() => undefined);
    const stuck = await startTestServer({ runtime: { ...noRuntime, health: () => never } });
    try {
      const { ownerKey } = await stuck.addOrganization();
      for (let n = 0; n < 5; n++) await stuck.deploy(ownerKey);
      const { data } = (await stuck.call("GET", "/api/v1/deployments", { key: ownerKey })).body;
      expect(data.items.map((item: { health: string }) => item.health)).toEqual(Array(5).fill("unknown"));
    } finally {
      await stuck.close();
    }
  });
});

describe("resources and outputs", () => {
  it("the stack's resources come as the tree their parents make, with what each needs; deleted ones when asked for", async () => {
    const { id } = await server.deploy(key);
    const urn = (type: string, name: string) => `urn:pulumi:${id}::onvera::${type}::${name}`;
    const root = urn("pulumi:pulumi:Stack", `onvera-${id}`);
    const database = urn("onvera:data:Database", "db");
    const rows = [
      { urn: root, type: "pulumi:pulumi:Stack", parent_urn: null },
      { urn: database, type: "onvera:data:Database", parent_urn: root },
      { urn: urn("postgresql:index/role:Role", "owner"), type: "postgresql:index/role:Role", parent_urn: database },
      {
        urn: urn("postgresql:index/database:Database", "tenant"),
        type: "postgresql:index/database:Database",
        parent_urn: database,
        dependencies: [urn("postgresql:index/role:Role", "owner"), urn("pulumi:providers:postgresql", "tenant")],
      },
      { urn: urn("x:y:Gone", "gone"), type: "x:y:Gone", parent_urn: root, deleted_at: new Date() },
    ];
    await server.store.asPlatform((db) =>
      db
        .insertInto("deployment_resources")
        .values(
          rows.map((row) => ({
            physical_id: "p",
            phase: null,
            ...row,
            deployment_id: id,
            organization_id: organizationId,
          })),
        )
        .execute(),
    );
    const tree = (await view(id, "resources")).body.data.items;
    expect(tree).toHaveLength(1);
    expect(tree[0].children.map((child: { name: string }) => child.name)).toEqual(["db"]);
    expect(tree[0].children[0].children).toMatchObject([
      { name: "tenant", dependencies: [urn("postgresql:index/role:Role", "owner")] },
      { name: "owner", type: "postgresql:index/role:Role", dependencies: [] },
    ]);
    const all = (await view(id, "resources?include=deleted")).body.data.items;
    expect(all[0].children.map((child: { name: string }) => child.name).sort()).toEqual(["db", "gone"]);
  });

  it("outputs are those of the last run", async () => {
    const { id, operationId } = await server.deploy(key, {}, { ready: false });
    expect((await view(id, "outputs")).body.data).toEqual({});
    await finish(server.store, operationId, { outputs: { url: "http://x", database_name: "ov_1" } });
    expect((await view(id, "outputs")).body.data).toEqual({ url: "http://x", database_name: "ov_1" });
  });
});

describe("credentials", () => {
  const keep = (id: string) =>
    server.store.asPlatform((db) =>
      server.deps.custody.ensure(db, { ownerId: id, organizationId, name: "admin_password" }, () => "hunter2-canary"),
    );

  it("come from custody, and each reading is in the audit log", async () => {
    const { id } = await server.deploy(key);
    expect((await view(id, "credentials")).body.error.code).toBe("CREDENTIALS_NOT_FOUND");
    await keep(id);
    const answer = await view(id, "credentials");
    expect(answer.body.data).toMatchObject({ username: "admin", password: "hunter2-canary" });
    const audit = (
      await server.call("GET", `/api/v1/audit?target_id=${id}&action=deployment.credentials.read`, { key })
    ).body;
    expect(audit.data.items.map((item: { outcome: string }) => item.outcome)).toEqual(["done", "failed"]);
    expect(JSON.stringify(audit)).not.toContain("hunter2-canary");
  });

  it("are nobody's business once the deployment is destroyed", async () => {
    const { id } = await server.deploy(key);
    await keep(id);
    const { body } = await server.call("DELETE", `/api/v1/deployments/${id}`, { key });
    await finish(server.store, body.data.operation_id);
    expect((await view(id, "credentials")).status).toBe(404);
  });

  it("appear in no other answer", async () => {
    const { id } = await server.deploy(key);
    await keep(id);
    for (const path of ["", "/outputs", "/events", "/operations", "/health", "/resources"]) {
      const answer = await server.call("GET", `/api/v1/deployments/${id}${path}`, { key });
      expect(JSON.stringify(answer.body)).not.toContain("hunter2-canary");
    }
  });
});

describe("the service itself", () => {
  it("serves its document, its docs page and its catalogue without reaching outside", async () => {
    const document = await server.call("GET", "/api/v1/openapi.json");
    expect(document.body.openapi).toBe("3.1.0");
    const page = await server.call("GET", "/docs");
    expect(page.status).toBe(200);
    expect(page.body).not.toMatch(/https?:\/\//);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    const apps = (await server.call("GET", "/api/v1/apps", { key })).body.data.items;
    expect(apps.map((app: { app_type: string }) => app.app_type).sort()).toEqual(["airflow", "superset"]);
    const version = (await server.call("GET", "/api/v1/version")).body.data;
    expect(version).toMatchObject({ version: "0.0.0-test", sign_up: "invite-only" });
  });

  it("is alive without its database, but not ready; requests get 503 and work again afterwards", async () => {
    const proxy = await startTcpProxy(Number(new URL(server.connectionString).port));
    const address = new URL(server.connectionString);
    address.port = String(proxy.port);
    const store = openStore({ connectionString: address.href });
    const remote = assembleServer({ store, masterKey, version: "0", singleOrganization: false });
    const status = async (path: string) => (await remote.app.request(path, { headers: { "X-API-Key": key } })).status;
    try {
      expect(await status("/readyz")).toBe(200);
      proxy.cut();
      expect(await status("/healthz")).toBe(200);
      expect(await status("/readyz")).toBe(503);
      const refused = await remote.app.request("/api/v1/deployments", { headers: { "X-API-Key": key } });
      expect(refused.status).toBe(503);
      expect(await refused.json()).toMatchObject({ error: { code: "SERVICE_UNAVAILABLE", retryable: true } });
      proxy.mend();
      expect(await status("/api/v1/deployments")).toBe(200);
      expect(await status("/readyz")).toBe(200);
    } finally {
      await remote.stop();
      await store.close();
      await proxy.close();
    }
  });
});

/** Kubernetes clusters by API: who registers them, what is kept of them and how, and when they may go (issue 5, QV-03, QV-05, QV-10). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readClusterPlace } from "../../src/store/cluster-place.ts";
import { dumpDatabase } from "../support/canary.ts";
import { type Answer, startTestServer, type TestServer } from "../support/http.ts";
import { kubeconfig, newCluster } from "../support/kubernetes-access.ts";
import { finish } from "../support/worker-hand.ts";

let server: TestServer;
let organizationId: string;
let key: string;
let operatorKey: string;
let strangerKey: string;

beforeAll(async () => {
  server = await startTestServer({ privateClusterHosts: ["127.0.0.1"] });
  ({ organizationId, ownerKey: key } = await server.addOrganization());
  const { userId } = await server.addUser({ organizationId, role: "viewer", isOperator: true });
  operatorKey = (await server.addKey({ organizationId, userId })).key;
  strangerKey = (await server.addOrganization()).ownerKey;
});
afterAll(() => server.close());

const clusters = (method: string, who: string, address = "", body?: object): Promise<Answer> =>
  server.call(method, `/api/v1/clusters${address}`, { key: who, ...(body && { body }) });
const made = async (wanted: Record<string, unknown>, who = key) => {
  const answer = await clusters("POST", who, "", newCluster(wanted));
  expect([answer.status, answer.body.error]).toEqual([201, undefined]);
  return answer.body.data;
};
const environmentOn = async (cluster_id: string, name: string, who = operatorKey) =>
  (await server.call("POST", "/api/v1/environments", { key: who, body: { name, cluster_id } })).body.data;

describe("a registered cluster (QV-03, QV-05)", () => {
  it("is shown with everything but what it is reached with, which lies sealed in the database (R8)", async () => {
    const reached = {
      private_networks: [{ cidr: "10.20.0.0/16" }, { cidr: "10.30.0.7/32", port: 443 }],
      package_index: "https://packages.example.com/simple",
    };
    const cluster = await made({ name: "sealed", ingress_class: "traefik", storage_class: "fast", ...reached });
    expect(cluster).toMatchObject({
      kind: "kubernetes",
      shared: false,
      state: "active",
      kubernetes: {
        server: "https://127.0.0.1:1",
        credentials: "token",
        ingress_class: "traefik",
        storage_class: "fast",
        volume_access: "ReadWriteOnce",
        database: { host: "127.0.0.1", port: 1 },
        images: "onvera.local",
        ...reached,
      },
    });
    const seen = [cluster, (await clusters("GET", key, `/${cluster.id}`)).body, (await clusters("GET", key)).body];
    expect(JSON.stringify(seen)).not.toMatch(/secret-token|database-secret|BEGIN CERT/);
    const found: string[] = [];
    await dumpDatabase(server.connectionString, (where, text) => {
      if (/secret-token|database-secret/.test(String(text))) found.push(where);
    });
    expect(found).toEqual([]);
  });

  it("is given back whole to who deploys to it, with its environment's level (QV-10, ON-05)", async () => {
    const cluster = await made({ name: "place", database_address: { host: "10.9.8.7", port: 5433 } });
    const environment = await environmentOn(cluster.id, "Place");
    const place = await server.store.forOrganization(organizationId, (db) =>
      readClusterPlace(db, server.deps.dataKeys, { environmentId: environment.id }),
    );
    expect(place.access).toMatchObject({ server: "https://127.0.0.1:1", token: "secret-token" });
    expect(place.databaseUrl).toBe("postgresql://admin:database-secret@127.0.0.1:1/postgres");
    expect(place.placement).toMatchObject({ isolation: "dedicated", database: { host: "10.9.8.7", port: 5433 } });
  });

  it("is found by its name, by its organization alone; the name is taken once (ON-08)", async () => {
    const { id } = await made({ name: "by name" });
    expect((await clusters("GET", key, "/by%20name")).body.data.id).toBe(id);
    for (const address of [`/${id}`, "/by%20name"]) {
      expect((await clusters("GET", strangerKey, address)).status).toBe(404);
      expect((await clusters("DELETE", strangerKey, address)).status).toBe(404);
    }
    expect((await clusters("POST", key, "", newCluster({ name: "by name" }))).status).toBe(409);
    await made({ name: "by name" }, strangerKey);
  });

  it("that all share is the operator's to register and to remove, and everybody's to see", async () => {
    const wish = { name: "for all", shared: true };
    const refused = await clusters("POST", key, "", newCluster(wish));
    expect([refused.status, refused.body.error.code]).toEqual([403, "ACCESS_DENIED"]);
    const { id } = await made(wish, operatorKey);
    expect((await clusters("GET", strangerKey, `/${id}`)).body.data).toMatchObject({ id, shared: true });
    expect((await clusters("DELETE", key, `/${id}`)).status).toBe(403);
    expect((await clusters("DELETE", operatorKey, `/${id}`)).status).toBe(200);
  });

  it("is written into the audit log, without its secrets (R8)", async () => {
    const { id } = await made({ name: "audited" });
    await clusters("DELETE", key, `/${id}`);
    const { items } = (await server.call("GET", "/api/v1/audit", { key })).body.data;
    const own = items.filter((item: object) => JSON.stringify(item).includes(id));
    expect(own.map((item: { action: string }) => item.action)).toEqual(["cluster.remove", "cluster.register"]);
    expect(JSON.stringify(own)).not.toMatch(/secret-token|database-secret/);
  });
});

describe("a dedicated environment (ON-04, ON-05, ON-28, QV-10)", () => {
  const own = {
    database_url: "postgresql://own:own-secret@10.5.5.5:5433/postgres",
    ingress_class: "acme",
    node_selector: { pool: "acme" },
    tolerations: [{ key: "pool", operator: "Equal", value: "acme", effect: "NoSchedule" }],
  };
  const create = (body: object, who = operatorKey) => server.call("POST", "/api/v1/environments", { key: who, body });

  it("has a database server, nodes and an ingress class of its own; its deployments take them from it alone", async () => {
    const cluster = await made({ name: "dedicated" });
    const { body } = await create({ name: "Own place", cluster_id: cluster.id, ...own });
    expect(body.data).toMatchObject({
      isolation_level: "dedicated",
      own: { ingress_class: "acme", storage_class: null, database: { host: "10.5.5.5", port: 5433 } },
    });
    expect(JSON.stringify(body)).not.toContain("own-secret");
    const place = await server.store.forOrganization(organizationId, (db) =>
      readClusterPlace(db, server.deps.dataKeys, { environmentId: body.data.id }),
    );
    expect(place.databaseUrl).toBe(own.database_url);
    expect(place.placement).toMatchObject({
      isolation: "dedicated",
      ingressClass: "acme",
      nodeSelector: own.node_selector,
      tolerations: own.tolerations,
      database: { host: "10.5.5.5", port: 5433 },
    });
    const app = { app_type: "superset", environment_id: body.data.id, node_selector: {} };
    expect((await server.call("POST", "/api/v1/deployments", { key, body: app })).status).toBe(400);
  });

  it("has them only if it is dedicated, and on a Kubernetes cluster; tenants make none (ON-02, TN-1)", async () => {
    const { id } = await made({ name: "levels" });
    const shared = await create({ name: "S", cluster_id: id, isolation_level: "shared", ...own });
    expect([shared.status, shared.body.error.fields[0]?.pointer]).toEqual([400, "/isolation_level"]);
    const local = await create({ name: "L", cluster_id: server.clusterId, ...own });
    expect([local.status, local.body.error.fields[0]?.pointer]).toEqual([400, "/cluster_id"]);
    const tenant = await create({ name: "T", cluster_id: id, ...own }, key);
    expect([tenant.status, tenant.body.error.code]).toEqual([403, "ENVIRONMENT_SYSTEM_OWNED"]);
  });
});

describe("what a customer names (R9, SSRF)", () => {
  it.each([
    ["a server inside a network", { kubeconfig: kubeconfig({ server: "https://10.1.2.3:6443" }) }, "/kubeconfig"],
    ["the cloud's metadata", { kubeconfig: kubeconfig({ server: "https://169.254.169.254" }) }, "/kubeconfig"],
    ["a database inside a network", { database_url: "postgres://a:b@192.168.1.1/x" }, "/database_url"],
    ["a program to run", { kubeconfig: kubeconfig({ user: { exec: {} } }) }, "/kubeconfig"],
    ["a file of the server", { database_url: "postgres://a:b@127.0.0.1/x?sslrootcert=/etc/passwd" }, "/database_url"],
  ])("%s is refused, naming the member", async (_what, wish, pointer) => {
    const answer = await clusters("POST", key, "", newCluster({ name: "refused", ...wish }));
    expect([answer.status, answer.body.error.fields[0]?.pointer]).toEqual([400, pointer]);
    expect(JSON.stringify(answer.body)).not.toMatch(/secret-token|database-secret/);
  });

  it("may be inside a network where the operator says so", async () => {
    await made({ name: "inside", kubeconfig: kubeconfig({ server: "https://10.1.2.3:6443" }) }, operatorKey);
  });
});

describe("a check", () => {
  it("that reaches nothing says so, is kept, and shows no secret (QV-03, R8)", async () => {
    const { id } = await made({ name: "unreachable" });
    const { status, body } = await clusters("POST", key, `/${id}/check`);
    expect([status, body.data.fit, body.data.version]).toEqual([200, false, null]);
    const found = Object.fromEntries(
      body.data.findings.map(({ check, result }: { check: string; result: string }) => [check, result]),
    );
    expect(found).toMatchObject({ reachable: "missing", permissions: "unknown", database_rights: "missing" });
    expect((await clusters("GET", key, `/${id}`)).body.data.check).toEqual(body.data);
    expect(JSON.stringify(body)).not.toMatch(/secret-token|database-secret/);
    expect((await clusters("POST", strangerKey, `/${id}/check`)).status).toBe(404);
    expect((await clusters("POST", operatorKey, `/${server.clusterId}/check`)).status).toBe(409);
  });
});

describe("taking a cluster away", () => {
  it("is refused while an environment or a deployment is on it, and leaves no secret behind", async () => {
    const { id } = await made({ name: "leaving" });
    const environment = await environmentOn(id, "Leaving");
    const refused = await clusters("DELETE", key, `/${id}`);
    expect([refused.status, refused.body.error.code]).toEqual([409, "RESOURCE_CONFLICT"]);
    const { id: deploymentId } = await server.deploy(key, { environment_id: environment.id });
    expect((await clusters("DELETE", key, `/${id}`)).body.error.message).toMatch(/Deployments live on this cluster/);
    const destroy = await server.call("DELETE", `/api/v1/deployments/${deploymentId}`, { key });
    await finish(server.store, destroy.body.data.operation_id);
    expect((await clusters("DELETE", key, `/${id}`)).status).toBe(200);
    expect((await clusters("GET", key, `/${id}`)).status).toBe(404);
    const row = await server.store.asPlatform((db) =>
      db.selectFrom("clusters").selectAll().where("id", "=", id).executeTakeFirstOrThrow(),
    );
    expect([row.access, row.database_url]).toEqual([null, null]);
    const body = { app_type: "superset", environment_id: environment.id };
    const late = await server.call("POST", "/api/v1/deployments", { key, body });
    expect([late.status, late.body.error.message]).toEqual([409, expect.stringMatching(/abandoned or removed/)]);
  });

  it("is not for a machine of the platform", async () => {
    const answer = await clusters("DELETE", operatorKey, `/${server.clusterId}`);
    expect(answer.status).toBe(409);
  });
});

describe("the database itself (ON-08)", () => {
  it("shows an organization its own clusters and the shared ones, and lets it change its own alone", async () => {
    const { id } = await made({ name: "walled" });
    const stranger = (await server.addOrganization()).organizationId;
    const seen = (sight: string) =>
      server.store.forOrganization(sight, (db) => db.selectFrom("clusters").select("id").execute());
    expect((await seen(organizationId)).map((row) => row.id)).toContain(id);
    expect((await seen(stranger)).map((row) => row.id)).not.toContain(id);
    expect((await seen(stranger)).map((row) => row.id)).toContain(server.clusterId);
    const changed = await server.store.forOrganization(stranger, (db) =>
      db.updateTable("clusters").set({ name: "mine" }).where("id", "in", [id, server.clusterId]).executeTakeFirst(),
    );
    expect(changed.numUpdatedRows).toBe(0n);
  });
});

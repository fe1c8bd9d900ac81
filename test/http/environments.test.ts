import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/http.ts";

let server: TestServer;
let organizationId: string;
let key: string;
let operatorKey: string;

beforeAll(async () => {
  server = await startTestServer();
  ({ organizationId, ownerKey: key } = await server.addOrganization());
  const { userId } = await server.addUser({ organizationId, role: "owner", isOperator: true });
  operatorKey = (await server.addKey({ organizationId, userId })).key;
});
afterAll(() => server.close());

const defaults = (organization: string) =>
  server.store.asPlatform((db) =>
    db
      .selectFrom("environments")
      .select(["id", "owner"])
      .where("organization_id", "=", organization)
      .where("is_default", "=", true)
      .execute(),
  );

describe("the default environment (ON-01)", () => {
  it("comes with each organization, exactly one, also when many are made at once", async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        server.call("POST", "/api/v1/organizations", { key: operatorKey, body: { name: `Parallel ${n}` } }),
      ),
    );
    for (const answer of answers) {
      expect(answer.status).toBe(201);
      expect(await defaults(answer.body.data.id)).toHaveLength(1);
    }
  });

  it("a second default, or none, is refused by the database whoever asks", async () => {
    const [own] = await defaults(organizationId);
    const asPlatform = (statement: string) => server.store.pool.query(statement);
    const sight = "SET LOCAL onvera.scope = 'platform';";
    const attempts = [
      `INSERT INTO onvera.environments (id, organization_id, name, slug, is_default, owner, isolation_level, cluster_id)
       VALUES ('env_second', '${organizationId}', 'x', 'x', true, 'system', 'shared', '${server.clusterId}')`,
      `DELETE FROM onvera.environments WHERE id = '${own?.id}'`,
      `UPDATE onvera.environments SET is_default = false WHERE id = '${own?.id}'`,
      `INSERT INTO onvera.organizations (id, name, slug) VALUES ('org_bare', 'bare', 'bare')`,
    ];
    for (const attempt of attempts) {
      await expect(asPlatform(`BEGIN; ${sight} ${attempt}; COMMIT`)).rejects.toThrow();
      await asPlatform("ROLLBACK");
    }
    expect(await defaults(organizationId)).toHaveLength(1);
  });

  it("is found as env_default, by its id, and by its bare UUID", async () => {
    const [own] = await defaults(organizationId);
    for (const id of ["env_default", own?.id ?? "", (own?.id ?? "").replace("env_", "")]) {
      const answer = await server.call("GET", `/api/v1/environments/${id}`, { key });
      expect(answer.body.data).toMatchObject({ id: "env_default", is_default: true, owner: "system" });
    }
  });
});

describe("tenants and system-owned environments (ON-02, TN-1)", () => {
  it.each([
    ["POST", "/api/v1/environments", { name: "Mine" }],
    ["PATCH", "/api/v1/environments/env_default", { name: "Mine" }],
    ["DELETE", "/api/v1/environments/env_default", undefined],
  ])("%s %s is 403 ENVIRONMENT_SYSTEM_OWNED, even for an owner", async (method, path, body) => {
    const answer = await server.call(method, path, { key, body });
    expect([answer.status, answer.body.error.code]).toEqual([403, "ENVIRONMENT_SYSTEM_OWNED"]);
  });

  it("nobody changes or deletes a default environment, not even the operator", async () => {
    for (const [method, body] of [
      ["PATCH", { name: "x" }],
      ["DELETE", undefined],
    ] as const) {
      const answer = await server.call(method, "/api/v1/environments/env_default", { key: operatorKey, body });
      expect(answer.body.error.code).toBe("ENVIRONMENT_SYSTEM_OWNED");
    }
  });

  it("a dedicated environment the operator made is the system's too", async () => {
    const made = await server.call("POST", "/api/v1/environments", { key: operatorKey, body: { name: "Production" } });
    expect(made.status).toBe(201);
    expect(made.body.data).toMatchObject({ owner: "system", isolation_level: "dedicated", is_default: false });
    for (const [method, body] of [
      ["PATCH", { name: "x" }],
      ["DELETE", undefined],
    ] as const) {
      const answer = await server.call(method, made.body.data.links.self, { key, body });
      expect(answer.body.error.code).toBe("ENVIRONMENT_SYSTEM_OWNED");
    }
  });
});

describe("isolation (ON-03, ON-04, ON-05)", () => {
  it("two environments of one organization may differ, and a deployment reads its level from its own", async () => {
    const made = await server.call("POST", "/api/v1/environments", {
      key: operatorKey,
      body: { name: "Dedicated", slug: "dedicated", isolation_level: "dedicated" },
    });
    const shared = await server.deploy(key);
    const dedicated = await server.deploy(key, { environment_id: made.body.data.id });
    const level = async (id: string) => {
      const { data } = (await server.call("GET", `/api/v1/deployments/${id}`, { key })).body;
      return [data.environment_id, data.isolation_level];
    };
    expect(await level(shared.id)).toEqual(["env_default", "shared"]);
    expect(await level(dedicated.id)).toEqual([made.body.data.id, "dedicated"]);
    const inIt = await server.call("GET", `/api/v1/deployments?environment_id=${made.body.data.id}`, { key });
    expect(inIt.body.data.items.map((item: { id: string }) => item.id)).toEqual([dedicated.id]);
  });

  it("isolation cannot be set on a deployment, nor its environment changed", async () => {
    const { id } = await server.deploy(key);
    for (const body of [{ isolation_level: "dedicated" }, { environment_id: "env_default" }]) {
      expect((await server.call("PATCH", `/api/v1/deployments/${id}`, { key, body })).status).toBe(400);
    }
    const create = { app_type: "superset", isolation_level: "byoc" };
    expect((await server.call("POST", "/api/v1/deployments", { key, body: create })).status).toBe(400);
  });

  it("an environment with deployments, even destroyed ones, is not deleted", async () => {
    const made = await server.call("POST", "/api/v1/environments", { key: operatorKey, body: { name: "Used" } });
    const self = made.body.data.links.self;
    await server.deploy(key, { environment_id: made.body.data.id });
    expect((await server.call("DELETE", self, { key: operatorKey })).status).toBe(409);
    const empty = await server.call("POST", "/api/v1/environments", { key: operatorKey, body: { name: "Empty" } });
    expect((await server.call("DELETE", empty.body.data.links.self, { key: operatorKey })).status).toBe(200);
  });
});

describe("organizations", () => {
  it("a slug that is taken is 409", async () => {
    const body = { name: "Twice", slug: "twice" };
    expect((await server.call("POST", "/api/v1/organizations", { key: operatorKey, body })).status).toBe(201);
    const again = await server.call("POST", "/api/v1/organizations", { key: operatorKey, body });
    expect([again.status, again.body.error.code]).toEqual([409, "RESOURCE_CONFLICT"]);
  });

  it("the operator names an owner, who can sign in and works in that organization alone", async () => {
    const owner = { email: "first@acme.test", name: "First", password: "a long enough one" };
    const made = await server.call("POST", "/api/v1/organizations", {
      key: operatorKey,
      body: { name: "Acme", owner },
    });
    const login = await server.call("POST", "/api/v1/auth/login", {
      body: { email: "First@Acme.test", password: owner.password },
    });
    const token = login.body.data.access_token;
    const me = (await server.call("GET", "/api/v1/whoami", { token })).body.data;
    expect(me).toMatchObject({ role: "owner", is_platform_operator: false, organization: { id: made.body.data.id } });
    const seen = (await server.call("GET", "/api/v1/organizations", { token })).body.data.items;
    expect(seen.map((item: { id: string }) => item.id)).toEqual([made.body.data.id]);
  });

  it("an installation without root takes one organization only (403)", async () => {
    const small = await startTestServer({ singleOrganization: true });
    try {
      const first = await small.addOrganization();
      const { userId } = await small.addUser({ ...first, role: "owner", isOperator: true });
      const { key: only } = await small.addKey({ organizationId: first.organizationId, userId });
      const answer = await small.call("POST", "/api/v1/organizations", { key: only, body: { name: "Second" } });
      expect([answer.status, answer.body.error.code]).toEqual([403, "SINGLE_ORGANIZATION"]);
      expect((await small.call("GET", "/api/v1/whoami", { key: only })).body.data.single_organization).toBe(true);
    } finally {
      await small.close();
    }
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { looksLikeApiKey } from "../../src/domain/api-key-format.ts";
import { scopes } from "../../src/domain/permissions.ts";
import { startTestServer, type TestServer } from "../support/http.ts";

let server: TestServer;
let organizationId: string;
let key: string;

beforeAll(async () => {
  server = await startTestServer();
  ({ organizationId, ownerKey: key } = await server.addOrganization());
});
afterAll(() => server.close());

const create = (body: Record<string, unknown>, as = key) => server.call("POST", "/api/v1/api-keys", { key: as, body });
const whoami = (as: string) => server.call("GET", "/api/v1/whoami", { key: as });

describe("making keys (ON-18)", () => {
  it("shows the key once, in the documented form, and stores its hash only", async () => {
    const { status, body } = await create({ name: "CI" });
    expect(status).toBe(201);
    expect(body.data.key).toMatch(/^onv_sk_live_[a-z0-9]{50}$/);
    expect(looksLikeApiKey(body.data.key)).toBe(true);
    const listed = await server.call("GET", "/api/v1/api-keys", { key });
    const single = await server.call("GET", body.data.links.self, { key });
    const secret = body.data.key.slice("onv_sk_live_".length + 4, -4);
    for (const answer of [listed, single]) expect(JSON.stringify(answer.body)).not.toContain(secret);
    const { rows } = await server.store.pool
      .query(
        `BEGIN; SET LOCAL onvera.scope = 'platform'; SELECT row_to_json(k)::text AS text FROM onvera.api_keys k; COMMIT`,
      )
      .then((results) => (results as unknown as { rows: { text: string }[] }[])[2] ?? { rows: [] });
    expect(rows.length).toBeGreaterThan(1);
    expect(rows.map(({ text }) => text).join()).not.toContain(secret);
  });

  it("has all scopes and no expiry unless restricted", async () => {
    const { data } = (await create({ name: "all" })).body;
    expect(data.expires_at).toBeNull();
    expect(data.scopes).toEqual(scopes.filter((scope) => !scope.startsWith("platform:")));
    const made = (await whoami(data.key)).body.data;
    expect(made.scopes).toEqual(data.scopes);
  });

  it("does what its scopes say and no more", async () => {
    const { data } = (await create({ name: "read", scopes: ["deployments:read"] })).body;
    expect((await server.call("GET", "/api/v1/deployments", { key: data.key })).status).toBe(200);
    expect((await server.call("GET", "/api/v1/operations", { key: data.key })).status).toBe(403);
  });

  it("cannot do more than its maker: neither by role nor from a restricted key", async () => {
    const viewer = await server.addUser({ organizationId, role: "viewer" });
    const { key: viewerKey } = await server.addKey({ organizationId, userId: viewer.userId });
    const asked = await create({ name: "more", scopes: ["deployments:write"] }, viewerKey);
    expect([asked.status, asked.body.error.code]).toEqual([403, "ACCESS_DENIED"]);
    const { data: narrow } = (await create({ name: "narrow", scopes: ["keys:write", "org:read"] })).body;
    const { data: child } = (await create({ name: "child" }, narrow.key)).body;
    expect(child.scopes).toEqual(["org:read", "keys:write"]);
    expect((await server.call("GET", "/api/v1/deployments", { key: child.key })).status).toBe(403);
  });

  it("falls with its person's role", async () => {
    const person = await server.addUser({ organizationId, role: "developer" });
    const { key: theirs } = await server.addKey({ organizationId, userId: person.userId });
    const post = () => server.call("POST", "/api/v1/deployments", { key: theirs, body: { app_type: "superset" } });
    expect((await post()).status).toBe(202);
    await server.store.asPlatform((db) =>
      db.updateTable("memberships").set({ role: "viewer" }).where("user_id", "=", person.userId).execute(),
    );
    expect((await post()).status).toBe(403);
    await server.store.asPlatform((db) => db.deleteFrom("memberships").where("user_id", "=", person.userId).execute());
    expect((await server.call("GET", "/api/v1/deployments", { key: theirs })).status).toBe(403);
  });

  it.each([
    [{ name: "" }, "/name"],
    [{}, "/name"],
    [{ name: "x", scopes: [] }, "/scopes"],
    [{ name: "x", scopes: ["everything"] }, "/scopes/0"],
    [{ name: "x", expires_at: "tomorrow" }, "/expires_at"],
    [{ name: "x", expires_at: "2001-01-01T00:00:00Z" }, "/expires_at"],
  ])("%j is 400 at %s", async (body, pointer) => {
    const answer = await create(body);
    expect([answer.status, answer.body.error.fields[0].pointer]).toEqual([400, pointer]);
  });
});

describe("revoking", () => {
  it("counts at once, for ever, and again changes nothing", async () => {
    const { data } = (await create({ name: "short" })).body;
    expect((await whoami(data.key)).status).toBe(200);
    const revoked = await server.call("DELETE", data.links.self, { key });
    expect(revoked.body.data).toMatchObject({ id: data.id, status: "revoked" });
    expect((await whoami(data.key)).body.error.code).toBe("API_KEY_REVOKED");
    const again = await server.call("DELETE", data.links.self, { key });
    expect(again.body.data.revoked_at).toBe(revoked.body.data.revoked_at);
  });

  it("a person revokes their own keys, an admin everybody's", async () => {
    const first = await server.addUser({ organizationId, role: "developer" });
    const second = await server.addUser({ organizationId, role: "developer" });
    const { key: firstKey, id: firstId } = await server.addKey({ organizationId, userId: first.userId });
    const { id: secondId } = await server.addKey({ organizationId, userId: second.userId });
    expect((await server.call("DELETE", `/api/v1/api-keys/${secondId}`, { key: firstKey })).status).toBe(404);
    expect((await server.call("DELETE", `/api/v1/api-keys/${secondId}`, { key })).status).toBe(200);
    expect((await server.call("DELETE", `/api/v1/api-keys/${firstId}`, { key: firstKey })).status).toBe(200);
    const own = await server.call("GET", "/api/v1/api-keys", { key: firstKey });
    expect(own.status).toBe(401);
  });
});

describe("the audit log", () => {
  const actions = async (query = "") =>
    (await server.call("GET", `/api/v1/audit?per_page=100${query}`, { key })).body.data.items;

  it("tells of keys made and revoked, and of each key's use with time, endpoint and person", async () => {
    const { data } = (await create({ name: "watched" })).body;
    await server.call("GET", "/api/v1/operations", { key: data.key });
    await server.app.drain();
    const used = (await actions("&action=api_key.use")).filter(
      (item: { target_id: string }) => item.target_id === data.id,
    );
    expect(used).toHaveLength(1);
    expect(used[0].change).toMatchObject({ endpoint: "listOperations", user_id: data.user_id });
    const lastUsed = await server.call("GET", data.links.self, { key });
    expect(lastUsed.body.data.last_used_at).not.toBeNull();
    await server.call("DELETE", data.links.self, { key });
    const about = await actions(`&target_id=${data.id}`);
    expect(about.map((item: { action: string }) => item.action)).toEqual([
      "api_key.revoke",
      "api_key.use",
      "api_key.create",
    ]);
  });

  it("tells of deployments created, changed and destroyed, with who, how and which request", async () => {
    const { id } = await server.deploy(key);
    await server.call("PATCH", `/api/v1/deployments/${id}`, {
      key,
      body: { name: "x" },
      headers: { "User-Agent": "onvera-cli/1.0" },
    });
    const destroy = await server.call("DELETE", `/api/v1/deployments/${id}`, { key });
    const about = await actions(`&target_id=${id}`);
    expect(about.map((item: { action: string; origin: string }) => [item.action, item.origin])).toEqual([
      ["deployment.destroy", "api"],
      ["deployment.update", "cli"],
      ["deployment.create", "api"],
    ]);
    expect(about[0]).toMatchObject({
      actor: { kind: "api_key" },
      request_id: destroy.headers.get("x-request-id"),
      change: { operation_id: destroy.body.data.operation_id },
    });
  });

  it("is filtered by time and by actor", async () => {
    expect(await actions("&to=2001-01-01T00:00:00Z")).toEqual([]);
    expect((await actions("&from=2001-01-01T00:00:00Z")).length).toBeGreaterThan(3);
    expect(await actions("&actor_id=usr_nobody")).toEqual([]);
    const swapped = await server.call("GET", "/api/v1/audit?from=2002-01-01T00:00:00Z&to=2001-01-01T00:00:00Z", {
      key,
    });
    expect(swapped.status).toBe(400);
  });

  it("is not for developers", async () => {
    const { userId } = await server.addUser({ organizationId, role: "developer" });
    const { key: developer } = await server.addKey({ organizationId, userId });
    expect((await server.call("GET", "/api/v1/audit", { key: developer })).status).toBe(403);
  });
});

/** Service accounts: programs with a role and keys of their own (ON-18, QV-02, R7). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/http.ts";
import { addSession } from "../support/session-row.ts";

let server: TestServer;
let organizationId: string;
let owner: string;
let key: string;
let now = new Date();

beforeAll(async () => {
  server = await startTestServer({ now: () => now });
  ({ organizationId, owner, ownerKey: key } = await server.addOrganization());
});
afterAll(() => server.close());

const call = (method: string, path: string, body?: unknown, as = key) =>
  server.call(method, `/api/v1${path}`, { key: as, ...(body === undefined ? {} : { body }) });
const inHours = (hours: number) => new Date(now.getTime() + hours * 3_600_000).toISOString();

describe("a service account (ON-18)", () => {
  it("is made with a role, acts as itself by its key, and is written down as an actor of its own kind", async () => {
    const account = await server.addServiceAccount(key, { role: "developer" });
    const me = (await call("GET", "/whoami", undefined, account.key)).body.data;
    expect(me).toMatchObject({ kind: "service_account", role: "developer", user: { id: account.id } });
    expect(me.organizations.map(({ id }: { id: string }) => id)).toEqual([organizationId]);
    const { id } = await server.deploy(account.key);
    await server.app.drain();
    const about = (await call("GET", `/audit?actor_id=${account.id}`)).body.data.items;
    expect(about.map((event: { action: string }) => event.action)).toContain("deployment.create");
    expect(about[0].actor).toMatchObject({ kind: "service_account", id: account.id });
    const [operation] = (await call("GET", `/operations?resource_id=${id}`)).body.data.items;
    expect(operation.requested_by).toMatchObject({ kind: "service_account", id: account.id });
    const seen = (await call("GET", `/service-accounts/${account.id}`)).body.data;
    expect(seen).toMatchObject({ active_keys: 1, created_by: owner });
    expect(seen.last_used_at).not.toBeNull();
  });

  it("is no member, no owner, and has no session, in the database itself", async () => {
    const account = await server.addServiceAccount(key, { role: "admin" });
    const members = (await call("GET", "/members")).body.data.items;
    expect(members.some(({ user_id: id }: { user_id: string }) => id === account.id)).toBe(false);
    expect((await call("GET", `/members/${account.id}`)).status).toBe(404);
    expect((await call("POST", `/members/${account.id}/transfer-ownership`)).status).toBe(404);
    const owning = await call("POST", "/service-accounts", { name: "x", role: "owner" });
    expect([owning.status, owning.body.error.fields[0].pointer]).toEqual([400, "/role"]);
    await expect(addSession(server.store, account.id)).rejects.toThrow(/sessions_are_of_people/);
    const login = await server.call("POST", "/api/v1/auth/login", {
      body: { email: `${account.id}@service-accounts.invalid`, password: "vivid-otter-kneads-lamp" },
    });
    expect([login.status, login.body.error.code]).toEqual([401, "INVALID_CREDENTIALS"]);
    const rows = (change: string, id: string) =>
      server.store.asPlatform((db) =>
        change === "owner"
          ? db.updateTable("memberships").set({ role: "owner" }).where("user_id", "=", id).execute()
          : db.updateTable("users").set({ password_hash: "x" }).where("id", "=", id).execute(),
      );
    await expect(rows("owner", account.id)).rejects.toThrow(/owners_are_people/);
    await expect(rows("password", account.id)).rejects.toThrow(/service_accounts_have_no_password/);
  });

  it("has roles in projects as a member has, and no more elsewhere (QV-02)", async () => {
    const account = await server.addServiceAccount(key, { role: "viewer" });
    const deploy = () => call("POST", "/deployments", { app_type: "superset" }, account.key);
    expect((await deploy()).status).toBe(403);
    const [project] = (await call("GET", "/projects")).body.data.items;
    const granted = await call("PUT", `/projects/${project.id}/roles/${account.id}`, { role: "developer" });
    expect([granted.status, granted.body.data.effective_role]).toEqual([200, "developer"]);
    expect((await deploy()).status).toBe(202);
    const why = await call("GET", `/access/explain?user=${account.id}&action=deployments.create`);
    expect(why.body.data).toMatchObject({ allowed: false, organization_role: "viewer" });
    expect((await call("DELETE", `/projects/${project.id}/roles/${account.id}`)).status).toBe(200);
    expect((await deploy()).status).toBe(403);
  });

  it("loses its keys with its deletion, and a changed role counts at once", async () => {
    const account = await server.addServiceAccount(key, { role: "developer" });
    await call("PATCH", `/service-accounts/${account.id}`, { role: "viewer", name: "renamed" });
    expect((await call("POST", "/deployments", { app_type: "superset" }, account.key)).status).toBe(403);
    const gone = await call("DELETE", `/service-accounts/${account.id}`);
    expect(gone.body.data).toMatchObject({ name: "renamed", revoked_api_keys: 1 });
    const refused = await call("GET", "/whoami", undefined, account.key);
    expect([refused.status, refused.body.error.code]).toEqual([401, "API_KEY_REVOKED"]);
    expect((await call("GET", `/service-accounts/${account.id}`)).body.error.code).toBe("SERVICE_ACCOUNT_NOT_FOUND");
  });

  it("cannot be made stronger than its maker: neither by role nor by the scopes of a key", async () => {
    const account = await server.addServiceAccount(key, { role: "admin" });
    const narrow = await server.addKey({ organizationId, userId: owner, scopes: ["keys:write", "org:read"] });
    const keys = `/service-accounts/${account.id}/keys`;
    const wide = await call("POST", keys, { name: "x", scopes: ["deployments:write"] }, narrow.key);
    expect([wide.status, wide.body.error.code]).toEqual([403, "ACCESS_DENIED"]);
    const made = await call("POST", keys, { name: "x" }, narrow.key);
    expect(made.body.data.scopes).toEqual(["org:read", "keys:write"]);
    const stolen = await call("POST", `/api-keys/${account.keyId}/rotate`, {}, narrow.key);
    expect([stolen.status, stolen.body.error.code]).toEqual([403, "ACCESS_DENIED"]);
  });
});

describe("rotating a key with overlap (ON-18)", () => {
  it("keeps the key before valid for a day, with the same scopes, and no longer", async () => {
    const { keyId, key: before } = await server.addServiceAccount(key, { scopes: ["org:read"] });
    const rotated = (await call("POST", `/api-keys/${keyId}/rotate`, {})).body.data;
    expect(rotated).toMatchObject({ scopes: ["org:read"], expires_at: null, replaces: { id: keyId } });
    expect(Date.parse(rotated.replaces.expires_at)).toBeCloseTo(Date.parse(inHours(24)), -4);
    for (const each of [before, rotated.key])
      expect((await call("GET", "/projects", undefined, each)).status).toBe(200);
    now = new Date(now.getTime() + 25 * 3_600_000);
    expect((await call("GET", "/projects", undefined, before)).body.error.code).toBe("API_KEY_EXPIRED");
    expect((await call("GET", "/projects", undefined, rotated.key)).status).toBe(200);
    now = new Date();
  });

  it("ends the key before at once where that is asked, and never lengthens its life", async () => {
    const { keyId, key: before } = await server.addServiceAccount(key, {});
    const at = await call("POST", `/api-keys/${keyId}/rotate`, { valid_until: inHours(0) });
    expect(at.body.data.replaces.status).toBe("revoked");
    expect((await call("GET", "/projects", undefined, before)).body.error.code).toBe("API_KEY_REVOKED");
    const short = (await call("POST", "/api-keys", { name: "short", expires_at: inHours(2) })).body.data;
    const next = (await call("POST", `/api-keys/${short.id}/rotate`, { valid_until: inHours(48) })).body.data;
    expect(next.replaces.expires_at).toBe(short.expires_at);
    expect(Date.parse(next.expires_at)).toBeGreaterThan(Date.parse(inHours(1.9)));
  });

  it.each([
    [{ valid_until: "2999-01-01T00:00:00Z" }, "/valid_until"],
    [{ expires_at: "2001-01-01T00:00:00Z" }, "/expires_at"],
  ])("%j is 400 at %s", async (body, pointer) => {
    const { keyId } = await server.addServiceAccount(key, {});
    const answer = await call("POST", `/api-keys/${keyId}/rotate`, body);
    expect([answer.status, answer.body.error.fields[0].pointer]).toEqual([400, pointer]);
  });

  it("is done once for a key, also by two at the same time, and never for somebody else's", async () => {
    const { keyId } = await server.addServiceAccount(key, {});
    const both = await Promise.all([1, 2].map(() => call("POST", `/api-keys/${keyId}/rotate`, {})));
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
    const person = await server.addUser({ organizationId, role: "viewer" });
    const theirs = await server.addKey({ organizationId, userId: person.userId });
    const asOwner = await call("POST", `/api-keys/${theirs.id}/rotate`, {});
    expect([asOwner.status, asOwner.body.error.code]).toEqual([403, "ACCESS_DENIED"]);
    const asStranger = await call("POST", `/api-keys/${keyId}/rotate`, {}, theirs.key);
    expect(asStranger.status).toBe(404);
  });
});

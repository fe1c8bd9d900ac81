/** Members of an organization and how they come and go (QV-01, QV-02, QV-07). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Role } from "../../src/domain/permissions.ts";
import { startTestServer, type TestServer } from "../support/http.ts";

const password = "vivid-otter-kneads-lamp";
let server: TestServer;
let organizationId: string;
let owner: string;
let ownerKey: string;

beforeAll(async () => {
  server = await startTestServer({ signUp: "open" });
  ({ organizationId, owner, ownerKey } = await server.addOrganization());
});
afterAll(() => server.close());

const api = (method: string, path: string, key: string | undefined, body?: unknown) =>
  server.call(method, `/api/v1${path}`, { key, body });

async function member(role: Role) {
  const { userId, email } = await server.addUser({ organizationId, role });
  const { key } = await server.addKey({ organizationId, userId });
  return { userId, email, key };
}

const invite = async (body: Record<string, unknown>, key = ownerKey) =>
  (await api("POST", "/invitations", key, body)).body;
const accept = (token: string, more: Record<string, unknown> = {}) =>
  server.call("POST", "/api/v1/invitations/accept", { body: { token, password, ...more } });

describe("invitations", () => {
  it("let a new person in once, with the role they name, and never again", async () => {
    const { data } = await invite({ email: "New@Example.test", role: "developer" });
    const first = await accept(data.token, { name: "New" });
    expect(first.status).toBe(200);
    expect(first.body.data.organization_id).toBe(organizationId);
    const me = await server.call("GET", "/api/v1/whoami", { token: first.body.data.access_token });
    expect([me.body.data.role, me.body.data.user.email]).toEqual(["developer", "new@example.test"]);
    const again = await accept(data.token);
    expect([again.status, again.body.error.code]).toEqual([403, "INVITATION_NOT_VALID"]);
  });

  it("are spent once when two come with the same token at the same moment", async () => {
    const { data } = await invite({ email: "twice@example.test" });
    const answers = await Promise.all([accept(data.token), accept(data.token), accept(data.token)]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it("end when they expire, are withdrawn, or the address is invited again", async () => {
    const expired = (await invite({ email: "late@example.test" })).data;
    await server.store.asPlatform((db) =>
      db
        .updateTable("invitations")
        .set({ expires_at: new Date(0) })
        .where("id", "=", expired.id)
        .execute(),
    );
    const withdrawn = (await invite({ email: "gone@example.test" })).data;
    await api("DELETE", `/invitations/${withdrawn.id}`, ownerKey);
    const replaced = (await invite({ email: "again@example.test" })).data;
    await invite({ email: "again@example.test" });
    for (const { token } of [expired, withdrawn, replaced]) {
      expect((await accept(token)).body.error.code).toBe("INVITATION_NOT_VALID");
    }
    const listed = (await api("GET", "/invitations", ownerKey)).body.data.items;
    expect(JSON.stringify(listed)).not.toContain("onv_inv_");
  });

  it("do not stand in for a known person's own password", async () => {
    const known = await server.addUser({ password: "quiet maple herons 41" });
    const { data } = await invite({ email: known.email });
    expect((await accept(data.token)).body.error.code).toBe("INVALID_CREDENTIALS");
    expect((await accept(data.token, { password: "quiet maple herons 41" })).status).toBe(200);
  });

  it("do not make anybody more than the one who invites", async () => {
    const admin = await member("admin");
    const refused = await api("POST", "/invitations", admin.key, { email: "boss@example.test", role: "owner" });
    expect([refused.status, refused.body.error.code]).toEqual([403, "ACCESS_DENIED"]);
  });
});

describe("leaving and being removed", () => {
  it("the last owner neither leaves nor becomes less, whatever way is tried", async () => {
    for (const [method, path, body] of [
      ["POST", "/members/leave", undefined],
      ["PATCH", `/members/${owner}`, { role: "admin" }],
      ["DELETE", `/members/${owner}`, undefined],
    ] as const) {
      const answer = await api(method, path, ownerKey, body);
      expect([path, answer.status, answer.body.error.code]).toEqual([path, 409, "LAST_OWNER"]);
    }
    await expect(
      server.store.asPlatform((db) =>
        db
          .deleteFrom("memberships")
          .where("organization_id", "=", organizationId)
          .where("role", "=", "owner")
          .execute(),
      ),
    ).rejects.toThrow(/needs an owner/);
  });

  it("two owners who leave at the same moment leave one behind", async () => {
    const two = await server.addOrganization();
    const other = await server.addUser({ organizationId: two.organizationId, role: "owner" });
    const { key } = await server.addKey({ organizationId: two.organizationId, userId: other.userId });
    const answers = await Promise.all([two.ownerKey, key].map((each) => api("POST", "/members/leave", each)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  it("a removed member's keys and sessions open nothing here any more, from that moment", async () => {
    const { userId, email } = await server.addUser({ organizationId, role: "developer", password });
    const { key } = await server.addKey({ organizationId, userId });
    const session = (await server.call("POST", "/api/v1/auth/login", { body: { email, password } })).body.data;
    expect((await api("GET", "/deployments", key)).status).toBe(200);
    const removed = await api("DELETE", `/members/${userId}`, ownerKey);
    expect([removed.status, removed.body.data.revoked_api_keys]).toEqual([200, 1]);
    expect((await api("GET", "/deployments", key)).body.error.code).toBe("API_KEY_REVOKED");
    const bySession = await server.call("GET", "/api/v1/deployments", { token: session.access_token });
    expect([bySession.status, bySession.body.error.code]).toEqual([403, "ACCESS_DENIED"]);
  });

  it("ownership is handed on in one step, and written down", async () => {
    const { organizationId: id, ownerKey: giver, owner: giverId } = await server.addOrganization();
    const { userId } = await server.addUser({ organizationId: id, role: "viewer" });
    expect((await api("POST", `/members/${userId}/transfer-ownership`, giver)).body.data.role).toBe("owner");
    const roles = (await api("GET", "/members", giver)).body.data.items.map((m: { role: string }) => m.role);
    expect(roles).toEqual(["owner", "admin"]);
    const log = (await api("GET", "/audit?action=organization.transfer_ownership", giver)).body.data.items;
    expect(log[0].change).toEqual({ owner: { from: giverId, to: userId } });
  });
});

describe("several organizations", () => {
  it("a person has a role of its own in each, and goes from one to the other (QV-02)", async () => {
    const { userId, email } = await server.addUser({ organizationId, role: "viewer", password });
    const second = await server.addOrganization();
    await server.store.asPlatform((db) =>
      db
        .insertInto("memberships")
        .values({ organization_id: second.organizationId, user_id: userId, role: "admin" })
        .execute(),
    );
    const first = (await server.call("POST", "/api/v1/auth/login", { body: { email, password } })).body.data;
    const roleOf = async (token: string) => (await server.call("GET", "/api/v1/whoami", { token })).body.data.role;
    expect(await roleOf(first.access_token)).toBe("viewer");
    const switched = await server.call("POST", "/api/v1/auth/switch", {
      token: first.access_token,
      body: { organization_id: second.organizationId },
    });
    expect(await roleOf(switched.body.data.access_token)).toBe("admin");
    const foreign = (await server.addOrganization()).organizationId;
    const refused = await server.call("POST", "/api/v1/auth/switch", {
      token: first.access_token,
      body: { organization_id: foreign },
    });
    expect(refused.status).toBe(403);
  });
});

describe("signing up", () => {
  it("makes an account with an organization of its own where that is open", async () => {
    expect((await server.call("GET", "/api/v1/version")).body.data.sign_up).toBe("open");
    const body = { email: "fresh@example.test", name: "Fresh", password, organization_name: "Fresh Ltd" };
    const answer = await server.call("POST", "/api/v1/auth/sign-up", { body });
    const me = await server.call("GET", "/api/v1/whoami", { token: answer.body.data.access_token });
    expect([me.body.data.role, me.body.data.organization.name]).toEqual(["owner", "Fresh Ltd"]);
    const again = await server.call("POST", "/api/v1/auth/sign-up", { body });
    expect([again.status, again.body.error.code]).toEqual([409, "RESOURCE_CONFLICT"]);
  });

  it("refuses the passwords that are tried first", async () => {
    const body = { email: "weak@example.test", name: "Weak", password: "Password2026!" };
    const answer = await server.call("POST", "/api/v1/auth/sign-up", { body });
    expect([answer.status, answer.body.error.fields[0].pointer]).toEqual([400, "/password"]);
  });
});

describe("projects (QV-07)", () => {
  it("a viewer with a role in one project changes what is in it and nothing else", async () => {
    const viewer = await member("viewer");
    const inside = (await server.deploy(ownerKey)).id;
    const project = (await api("GET", "/projects", ownerKey)).body.data.items[0].id;
    const other = (await api("POST", "/projects", ownerKey, { name: "Other" })).body.data.id;
    expect((await api("POST", `/deployments/${inside}/stop`, viewer.key)).status).toBe(403);
    await api("PUT", `/projects/${other}/roles/${viewer.userId}`, ownerKey, { role: "developer" });
    expect((await api("POST", `/deployments/${inside}/stop`, viewer.key)).status).toBe(403);
    const explain = `/access/explain?user=${viewer.email}&action=deployments.control&resource=${inside}`;
    expect((await api("GET", explain, ownerKey)).body.data).toMatchObject({ allowed: false, project_role: null });
    await api("PUT", `/projects/${project}/roles/${viewer.userId}`, ownerKey, { role: "developer" });
    expect((await api("GET", explain, ownerKey)).body.data).toMatchObject({
      allowed: true,
      reason: "Role developer in the resource's project is enough: developer is needed.",
    });
    expect((await api("POST", `/deployments/${inside}/stop`, viewer.key)).status).toBe(202);
    expect((await api("POST", "/deployments", viewer.key, { app_type: "superset" })).status).toBe(202);
    expect((await api("POST", "/projects", viewer.key, { name: "Third" })).status).toBe(403);
    await api("DELETE", `/projects/${project}/roles/${viewer.userId}`, ownerKey);
    expect((await api("POST", "/deployments", viewer.key, { app_type: "superset" })).status).toBe(403);
  });

  it("a project's roles go with the membership", async () => {
    const viewer = await member("viewer");
    const project = (await api("GET", "/projects", ownerKey)).body.data.items[0].id;
    await api("PUT", `/projects/${project}/roles/${viewer.userId}`, ownerKey, { role: "admin" });
    await api("DELETE", `/members/${viewer.userId}`, ownerKey);
    const left = (await api("GET", `/projects/${project}/roles`, ownerKey)).body.data.items;
    expect(JSON.stringify(left)).not.toContain(viewer.userId);
  });
});

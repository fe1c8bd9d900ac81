/** Signing in by an organization's own identity provider: a real provider, each step of it tampered with (ON-17, ON-22, QV-02). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/http.ts";
import { type IdentityProviderProcess, startIdentityProvider } from "../support/identity-provider.ts";

const HERE = "http://onvera.test:7600";
const own = { Origin: HERE, Host: new URL(HERE).host, "Sec-Fetch-Site": "same-origin" };
const PASSWORD = "vivid-otter-kneads-lamp";
let server: TestServer;
let provider: IdentityProviderProcess;
let organizationId: string;
let slug: string;
let key: string;
let ownerId: string;

const settings = () => ({
  issuer: provider.issuer,
  ...provider.client,
  scopes: ["openid", "email", "profile", "groups"],
  group_roles: [
    { group: "data", role: "developer" },
    { group: "leads", role: "admin" },
  ],
  default_role: null,
});
const put = (body: object) => server.call("PUT", "/api/v1/sso", { key, body });
const ann = { email: "Ann@acme.test", email_verified: true, name: "Ann", groups: ["data"] };
const accounts: Record<string, object> = {
  ann,
  lead: { ...ann, email: "lead@acme.test", name: "Lead", groups: ["data", "leads"] },
  nobody: { ...ann, email: "nobody@acme.test", groups: ["kitchen"] },
  unverified: { ...ann, email: "unverified@acme.test", email_verified: false },
  addressless: { groups: ["data"] },
  operator: { ...ann, email: "operator@acme.test" },
  stranger: { ...ann, email: "stranger@other.test" },
  member: { ...ann, email: "member@acme.test", groups: ["data"] },
  owner: { ...ann, email: "owner@acme.test", groups: ["data"] },
};

beforeAll(async () => {
  server = await startTestServer({
    identity: { privateHosts: ["127.0.0.1"] },
    limits: { perAddress: 10_000, failuresPerAddress: 10_000, signInsPerPersonAndAddress: 1000 },
  });
  provider = await startIdentityProvider(accounts, `${HERE}/sso/callback`);
  ({ organizationId, ownerKey: key, owner: ownerId } = await server.addOrganization());
  slug = (await server.call("GET", `/api/v1/organizations/${organizationId}`, { key })).body.data.slug;
  expect((await put(settings())).status).toBe(200);
});
beforeEach(() => {
  provider.alter = undefined;
  provider.signsFalsely = false;
});
afterAll(async () => {
  await provider.close();
  await server.close();
});

const begin = async (who = slug) => {
  const begun = await server.call("POST", "/api/v1/auth/sso/begin", { body: { who }, headers: own });
  const cookie = begun.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  return { status: begun.status, body: begun.body, url: String(begun.body.data?.authorization_url), cookie };
};
const finish = (response: string, cookie: string) =>
  server.call("POST", "/api/v1/auth/sso/finish", { body: { response }, headers: { ...own, Cookie: cookie } });
const signIn = async (login: string, who?: string) => {
  const { url, cookie } = await begin(who);
  return finish(await provider.signIn(url, login), cookie);
};
const whoami = async (token: string, headers = {}) => server.call("GET", "/api/v1/whoami", { token, headers });
const address = (userId: string, email: string) =>
  server.store.asPlatform((db) => db.updateTable("users").set({ email }).where("id", "=", userId).execute());

describe("a person of the organization's provider (ON-22)", () => {
  it("becomes a member with the role of their groups, in a session that is good in this organization only", async () => {
    const signedIn = await signIn("ann");
    expect(signedIn.status).toBe(200);
    expect(signedIn.body.data).not.toHaveProperty("refresh_token");
    const cookies = signedIn.headers.getSetCookie().join();
    expect(cookies).toMatch(/onvera_session=onv_rt_/);
    const me = (await whoami(signedIn.body.data.access_token)).body.data;
    expect(me).toMatchObject({ kind: "user", role: "developer", user: { email: "ann@acme.test", name: "Ann" } });
    const { organizationId: other } = await server.addOrganization();
    await server.store.asPlatform((db) =>
      db.insertInto("memberships").values({ organization_id: other, user_id: me.user.id, role: "owner" }).execute(),
    );
    const again = await whoami(signedIn.body.data.access_token);
    expect(again.body.data.organizations.map(({ id }: { id: string }) => id)).toEqual([organizationId]);
    const elsewhere = await whoami(signedIn.body.data.access_token, { "X-Onvera-Organization": other });
    expect([elsewhere.status, elsewhere.body.error.code]).toEqual([404, "ORGANIZATION_NOT_FOUND"]);
    const switched = await server.call("POST", "/api/v1/auth/switch", {
      token: signedIn.body.data.access_token,
      body: { organization_id: other },
    });
    expect([switched.status, switched.body.error.code]).toEqual([403, "ACCESS_DENIED"]);
  });

  it("has their role changed by their groups at each sign-in, written down; by address too", async () => {
    await signIn("lead");
    const change = async (role: string) =>
      server.store.asPlatform((db) =>
        db
          .updateTable("memberships")
          .set({ role: role as "viewer" })
          .where("organization_id", "=", organizationId)
          .where("role", "=", "admin")
          .execute(),
      );
    await change("viewer");
    const { body } = await signIn("lead", "lead@acme.test");
    expect((await whoami(body.data.access_token)).body.data.role).toBe("admin");
    const events = (await server.call("GET", "/api/v1/audit?action=member.role", { key })).body.data.items;
    expect(events[0].change).toEqual({ role: { from: "viewer", to: "admin" }, by: "groups" });
    const logins = (await server.call("GET", "/api/v1/audit?action=auth.login", { key })).body.data.items;
    expect(logins[0].change).toEqual({ by: "sso", issuer: provider.issuer });
  });

  it("who is a member already is linked and keeps what is theirs; an owner stays owner", async () => {
    const { userId } = await server.addUser({ organizationId, role: "viewer" });
    await address(userId, "member@acme.test");
    await address(ownerId, "owner@acme.test");
    const member = (await whoami((await signIn("member")).body.data.access_token)).body.data;
    expect([member.user.id, member.role]).toEqual([userId, "developer"]);
    const owner = (await whoami((await signIn("owner")).body.data.access_token)).body.data;
    expect([owner.user.id, owner.role]).toEqual([ownerId, "owner"]);
  });

  it.each([
    ["nobody", /give you no role here/],
    ["unverified", /not verified/],
    ["addressless", /tells no email address/],
    ["operator", /platform operator signs in with a password/],
    ["stranger", /outside of this organization/],
  ])("%s is refused with the reason, which the audit log has too", async (login, reason) => {
    if (login === "operator") await address((await server.addUser({ isOperator: true })).userId, "operator@acme.test");
    if (login === "stranger") await address((await server.addUser({})).userId, "stranger@other.test");
    const answer = await signIn(login);
    expect([answer.status, answer.body.error.code]).toEqual([403, "SSO_REFUSED"]);
    expect(answer.body.error.message).toMatch(reason);
    const [last] = (await server.call("GET", "/api/v1/audit?action=auth.login", { key })).body.data.items;
    expect([last.outcome, last.change.reason]).toEqual(["refused", answer.body.error.message]);
  });

  it("is not let in as a new one where nobody is made just in time", async () => {
    await put({ ...settings(), just_in_time: false, default_role: "viewer" });
    const answer = await signIn("nobody");
    expect(answer.body.error.message).toMatch(/no member of this organization/);
    await put(settings());
  });
});

describe("an answer that was tampered with is refused (issue 6)", () => {
  const tampered = async (change: (query: URLSearchParams) => void) => {
    const { url, cookie } = await begin();
    const query = new URLSearchParams(await provider.signIn(url, "ann"));
    change(query);
    return finish(`?${query}`, cookie);
  };
  const refusal = (answer: { status: number; body: { error: { code: string } } }) => [
    answer.status,
    answer.body.error.code,
  ];

  it("another state, none, another issuer (RFC 9207), none, another code", async () => {
    const changes: ((query: URLSearchParams) => void)[] = [
      (query) => query.set("state", "x"),
      (query) => query.delete("state"),
      (query) => query.set("iss", "https://evil.example"),
      (query) => query.delete("iss"),
      (query) => query.set("code", "x"),
    ];
    for (const change of changes) expect(refusal(await tampered(change))).toEqual([403, "SSO_REFUSED"]);
  });

  it.each([
    ["another nonce", (claims: object) => ({ ...claims, nonce: "x" })],
    ["no nonce", ({ nonce, ...claims }: Record<string, unknown>) => claims],
    ["another audience", (claims: object) => ({ ...claims, aud: "another client" })],
    ["another issuer", (claims: object) => ({ ...claims, iss: "https://evil.example" })],
    ["an expired token", (claims: object) => ({ ...claims, exp: Math.floor(Date.now() / 1000) - 3600 })],
    ["another person than the access token's", (claims: object) => ({ ...claims, sub: "lead" })],
  ])("%s in the ID token, signed by the provider all the same", async (_what, alter) => {
    provider.alter = alter as (claims: Record<string, unknown>) => Record<string, unknown>;
    expect(refusal(await signIn("ann"))).toEqual([403, "SSO_REFUSED"]);
  });

  it("a signature of somebody else's key", async () => {
    provider.signsFalsely = true;
    expect(refusal(await signIn("ann"))).toEqual([403, "SSO_REFUSED"]);
  });

  it("a code that another verifier asked for (PKCE), and a code that comes to another browser", async () => {
    const [mine, theirs] = [await begin(), await begin()];
    const code = new URLSearchParams(await provider.signIn(theirs.url, "ann")).get("code") ?? "";
    const query = new URLSearchParams(await provider.signIn(mine.url, "ann"));
    query.set("code", code);
    const answer = await finish(`?${query}`, mine.cookie);
    expect(refusal(answer)).toEqual([403, "SSO_REFUSED"]);
    expect(answer.body.error.message).toContain("invalid_grant");
    const third = await begin();
    const back = await provider.signIn(third.url, "ann");
    expect(refusal(await finish(back, ""))).toEqual([403, "SSO_SIGN_IN_NOT_VALID"]);
    const other = await begin();
    expect(refusal(await finish(back, other.cookie))).toEqual([403, "SSO_REFUSED"]);
  });

  it("a sign-in that was used, has expired, or began at a provider that was changed since", async () => {
    const used = await begin();
    const response = await provider.signIn(used.url, "ann");
    expect((await finish(response, used.cookie)).status).toBe(200);
    expect(refusal(await finish(response, used.cookie))).toEqual([403, "SSO_SIGN_IN_NOT_VALID"]);
    const late = await begin();
    await server.store.asPlatform((db) =>
      db
        .updateTable("provider_sign_ins")
        .set({ expires_at: new Date(0) })
        .execute(),
    );
    expect(refusal(await finish(await provider.signIn(late.url, "ann"), late.cookie))).toEqual([
      403,
      "SSO_SIGN_IN_NOT_VALID",
    ]);
    const changed = await begin();
    await put(settings());
    expect(refusal(await finish(await provider.signIn(changed.url, "ann"), changed.cookie))).toEqual([
      403,
      "SSO_SIGN_IN_NOT_VALID",
    ]);
  });

  it("what another site's page sends, and what the provider itself refused", async () => {
    const { url, cookie } = await begin();
    const response = await provider.signIn(url, "ann");
    const foreign = await server.call("POST", "/api/v1/auth/sso/finish", {
      body: { response },
      headers: { ...own, "Sec-Fetch-Site": "cross-site", Cookie: cookie },
    });
    expect(foreign.status).toBe(403);
    const state = new URL(url).searchParams.get("state") ?? "";
    const query = new URLSearchParams({ error: "access_denied", state, iss: provider.issuer });
    const refused = await finish(`?${query}`, cookie);
    expect(refused.body.error.message).toContain("access_denied");
  });
});

describe("an organization that is entered by its provider only", () => {
  it("refuses passwords of its members, also in sessions that are open; owners and keys go on", async () => {
    const password = { password: PASSWORD };
    const member = await server.addUser({ organizationId, role: "developer", ...password });
    const owner = await server.addUser({ organizationId, role: "owner", ...password });
    const login = (email: string) => server.call("POST", "/api/v1/auth/login", { body: { email, ...password } });
    const open = (await login(member.email)).body.data.access_token;
    expect((await whoami(open)).status).toBe(200);
    const memberKey = await server.addKey({ organizationId, userId: member.userId });
    await put({ ...settings(), sso_only: true });
    for (const refused of [await whoami(open), await login(member.email)]) {
      expect([refused.status, refused.body.error.code]).toEqual([403, "SSO_REQUIRED"]);
    }
    expect((await login(owner.email)).status).toBe(200);
    expect((await server.call("GET", "/api/v1/deployments", { key: memberKey.key })).status).toBe(200);
    expect((await whoami((await signIn("ann")).body.data.access_token)).status).toBe(200);
    await put(settings());
    expect((await whoami(open)).status).toBe(200);
  });
});

describe("the settings (ON-22)", () => {
  it("are checked with the provider when they are saved, and say what was found", async () => {
    const nowhere = await put({ ...settings(), issuer: "http://127.0.0.1:9" });
    expect([nowhere.status, nowhere.body.error.fields[0]]).toEqual([
      400,
      { pointer: "/issuer", message: "discovery: Nothing listens there." },
    ]);
    const inside = await put({ ...settings(), issuer: "https://169.254.169.254" });
    expect(inside.body.error.message).toContain("inside a network");
    const other = await put({ ...settings(), issuer: `${provider.issuer}/other` });
    expect(other.status).toBe(400);
    const report = await server.call("POST", "/api/v1/sso/test", { key });
    expect(report.body.data.ok).toBe(true);
    expect(report.body.data.checks.map(({ name }: { name: string }) => name)).toContain("keys");
  });

  it("never show the client secret, keep it sealed, and do not send it to another issuer", async () => {
    const shown = await server.call("GET", "/api/v1/sso", { key });
    expect(shown.body.data).toMatchObject({ issuer: provider.issuer, has_client_secret: true });
    const rows = await server.store.asPlatform((db) => db.selectFrom("identity_providers").selectAll().execute());
    for (const text of [JSON.stringify(shown.body), JSON.stringify(rows)]) {
      expect(text).not.toContain(provider.client.client_secret);
    }
    const { client_secret: _secret, ...without } = settings();
    expect((await put(without)).status).toBe(200);
    expect((await signIn("ann")).status).toBe(200);
    const moved = await put({ ...without, issuer: "https://login.example.com" });
    expect(moved.body.error.fields[0].pointer).toBe("/client_secret");
  });

  it("are nobody's but the owner's, and nothing is told of an organization without them", async () => {
    const admin = await server.addUser({ organizationId, role: "admin" });
    const theirs = await server.addKey({ organizationId, userId: admin.userId });
    const refused = await server.call("PUT", "/api/v1/sso", { key: theirs.key, body: settings() });
    expect(refused.status).toBe(403);
    for (const who of ["no-such-organization", "nobody@else.test"]) {
      expect([(await begin(who)).status, (await begin(who)).body.error.code]).toEqual([404, "SSO_NOT_CONFIGURED"]);
    }
    const removed = await server.call("DELETE", "/api/v1/sso", { key });
    expect(removed.status).toBe(200);
    expect((await server.call("GET", "/api/v1/sso", { key })).body).toEqual({ data: null });
    expect((await begin()).body.error.code).toBe("SSO_NOT_CONFIGURED");
  });
});

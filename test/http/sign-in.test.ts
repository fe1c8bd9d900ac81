import { createHmac } from "node:crypto";
import { decodeJwt, decodeProtectedHeader, exportSPKI, importJWK, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unseal } from "../../src/domain/envelope.ts";
import { startTestServer, type TestServer } from "../support/http.ts";

const PASSWORD = "correct horse battery";
let server: TestServer;
let organizationId: string;
let email: string;

beforeAll(async () => {
  server = await startTestServer({ limits: { perAddress: 10_000, failuresPerAddress: 10_000 } });
  ({ organizationId } = await server.addOrganization());
  ({ email } = await server.addUser({ organizationId, role: "developer", password: PASSWORD }));
});
afterAll(() => server.close());

const login = async (body: Record<string, unknown> = {}) =>
  server.call("POST", "/api/v1/auth/login", { body: { email, password: PASSWORD, ...body } });
const refresh = (token: string) => server.call("POST", "/api/v1/auth/refresh", { body: { refresh_token: token } });
const whoami = (token: string) => server.call("GET", "/api/v1/whoami", { token });

describe("signing in (ON-17)", () => {
  it("gives a bearer token that lives at most an hour and names its session", async () => {
    const { status, body } = await login();
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ token_type: "Bearer", organization_id: organizationId });
    expect(body.data.expires_in).toBeLessThanOrEqual(3600);
    const claims = decodeJwt(body.data.access_token);
    expect(claims).toMatchObject({ iss: "onvera", aud: "onvera-api", sid: body.data.session_id, org: organizationId });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(body.data.expires_in);
    const me = (await whoami(body.data.access_token)).body.data;
    expect(me).toMatchObject({ kind: "user", role: "developer", session_id: body.data.session_id });
  });

  it("says the same of a wrong password and of a person who is not there", async () => {
    const wrong = await login({ password: "wrong" });
    const absent = await login({ email: "nobody@example.test" });
    for (const answer of [wrong, absent]) {
      expect([answer.status, answer.body.error.code]).toEqual([401, "INVALID_CREDENTIALS"]);
    }
    expect(wrong.body.error.message).toBe(absent.body.error.message);
  });

  it("refuses an organization the person is no member of", async () => {
    const other = await server.addOrganization();
    expect((await login({ organization_id: other.organizationId })).status).toBe(403);
  });

  it("a person of two organizations chooses by header, with the role they have there", async () => {
    const other = await server.addOrganization();
    const { data } = (await login()).body;
    const { sub } = decodeJwt(data.access_token);
    await server.store.asPlatform((db) =>
      db
        .insertInto("memberships")
        .values({ organization_id: other.organizationId, user_id: sub ?? "", role: "viewer" })
        .execute(),
    );
    const headers = { "X-Onvera-Organization": other.organizationId };
    const me = await server.call("GET", "/api/v1/whoami", { token: data.access_token, headers });
    expect(me.body.data).toMatchObject({ role: "viewer", organization: { id: other.organizationId } });
    const create = { token: data.access_token, headers, body: { app_type: "superset" } };
    expect((await server.call("POST", "/api/v1/deployments", create)).status).toBe(403);
  });

  it("is written in the audit log with its outcome, as is signing out", async () => {
    const { data } = (await login()).body;
    await server.call("POST", "/api/v1/auth/logout", { token: data.access_token });
    const rows = await server.store.asPlatform((db) =>
      db.selectFrom("audit_events").select(["action", "outcome"]).where("action", "like", "auth.%").execute(),
    );
    expect(rows).toContainEqual({ action: "auth.login", outcome: "done" });
    expect(rows).toContainEqual({ action: "auth.login", outcome: "refused" });
    expect(rows).toContainEqual({ action: "auth.logout", outcome: "done" });
  });
});

describe("refreshing", () => {
  it("gives new tokens; a refresh token works once, and its second use ends the session", async () => {
    const first = (await login()).body.data;
    const second = (await refresh(first.refresh_token)).body.data;
    expect((await whoami(second.access_token)).status).toBe(200);
    const third = (await refresh(second.refresh_token)).body.data;
    // Two uses ago: only somebody who kept a copy sends it now.
    const reused = await refresh(first.refresh_token);
    expect([reused.status, reused.body.error.code]).toEqual([401, "SESSION_REVOKED"]);
    for (const token of [first.access_token, second.access_token, third.access_token]) {
      expect((await whoami(token)).body.error.code).toBe("SESSION_REVOKED");
    }
    expect((await refresh(third.refresh_token)).status).toBe(401);
  });

  it("of two refreshes at the same time one wins, and the session ends", async () => {
    const { refresh_token: token } = (await login()).body.data;
    const statuses = (await Promise.all([refresh(token), refresh(token)])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 401]);
  });

  it("a token of our form that we did not make is refused and ends nothing", async () => {
    const { session_id: id, access_token: access } = (await login()).body.data;
    const forged = `onv_rt_${id.replace("ses_", "")}.${"A".repeat(24)}.${"B".repeat(43)}`;
    expect((await refresh(forged)).body.error.code).toBe("INVALID_TOKEN");
    expect((await whoami(access)).status).toBe(200);
  });
});

describe("ending", () => {
  it("signing out ends the session at once, though its token is not yet old", async () => {
    const { access_token: token, refresh_token: again } = (await login()).body.data;
    const out = await server.call("POST", "/api/v1/auth/logout", { token });
    expect(out.body.data.signed_out).toBe(true);
    expect((await whoami(token)).body.error.code).toBe("SESSION_REVOKED");
    expect((await refresh(again)).status).toBe(401);
  });

  it("signing out with an API key revokes nothing", async () => {
    const { ownerKey } = await server.addOrganization();
    expect((await server.call("POST", "/api/v1/auth/logout", { key: ownerKey })).body.data.signed_out).toBe(false);
    expect((await server.call("GET", "/api/v1/whoami", { key: ownerKey })).status).toBe(200);
  });

  it("a disabled person is out at once", async () => {
    const person = await server.addUser({ organizationId, role: "viewer", password: PASSWORD });
    const { data } = (await login({ email: person.email })).body;
    const { key } = await server.addKey({ organizationId, userId: person.userId });
    await server.store.asPlatform((db) =>
      db.updateTable("users").set({ disabled_at: new Date() }).where("id", "=", person.userId).execute(),
    );
    expect((await whoami(data.access_token)).status).toBe(401);
    expect((await server.call("GET", "/api/v1/whoami", { key })).status).toBe(401);
    expect((await login({ email: person.email })).status).toBe(401);
  });
});

describe("tokens we did not sign so", () => {
  const claims = async () => decodeJwt((await login()).body.data.access_token);
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

  it("alg none, a changed payload, and garbage are INVALID_TOKEN", async () => {
    const { access_token: good } = (await login()).body.data;
    const [header, , signature] = good.split(".");
    const changed = `${header}.${encode({ ...decodeJwt(good), org: "org_x" })}.${signature}`;
    const none = `${encode({ alg: "none", typ: "JWT" })}.${encode(decodeJwt(good))}.`;
    for (const token of [changed, none, "x.y.z", "garbage"]) {
      const answer = await whoami(token);
      expect([answer.status, answer.body.error.code]).toEqual([401, "INVALID_TOKEN"]);
    }
  });

  it("HS256 keyed with our public key is refused: the algorithm is pinned", async () => {
    const { keys } = (await server.call("GET", "/.well-known/jwks.json")).body;
    const publicKey = await importJWK(keys[0], "EdDSA");
    if (publicKey instanceof Uint8Array) throw new Error("unexpected");
    const body = `${encode({ alg: "HS256", kid: keys[0].kid, typ: "JWT" })}.${encode(await claims())}`;
    const signature = createHmac("sha256", await exportSPKI(publicKey))
      .update(body)
      .digest("base64url");
    expect((await whoami(`${body}.${signature}`)).body.error.code).toBe("INVALID_TOKEN");
  });

  it.each([
    ["another issuer", { iss: "evil" }],
    ["another audience", { aud: "other" }],
    ["no session", { sid: undefined }],
  ])("%s is INVALID_TOKEN", async (_what, change) => {
    const token = await signWithOurKey({ ...(await claims()), ...change });
    expect((await whoami(token)).body.error.code).toBe("INVALID_TOKEN");
  });

  it("a token past its time is TOKEN_EXPIRED", async () => {
    const token = await signWithOurKey({ ...(await claims()), exp: Math.floor(Date.now() / 1000) - 5 });
    expect((await whoami(token)).body.error.code).toBe("TOKEN_EXPIRED");
  });

  it("publishes public keys only, with the algorithm", async () => {
    const { keys } = (await server.call("GET", "/.well-known/jwks.json")).body;
    expect(keys).toHaveLength(1);
    expect(keys[0]).toMatchObject({ kty: "OKP", crv: "Ed25519", alg: "EdDSA", use: "sig" });
    expect(keys[0]).not.toHaveProperty("d");
    expect(decodeProtectedHeader((await login()).body.data.access_token).kid).toBe(keys[0].kid);
  });

  /** Signs with the server's own key, to try claims it would never make. */
  async function signWithOurKey(payload: Record<string, unknown>): Promise<string> {
    return server.store.asPlatform(async (db) => {
      const row = await db.selectFrom("signing_keys").selectAll().executeTakeFirstOrThrow();
      const key = await server.deps.dataKeys.byId(db, row.sealed_private.kid);
      const jwk = JSON.parse(unseal(key, row.sealed_private, `signing_keys|${row.kid}`).toString("utf8"));
      const privateKey = await importJWK(jwk, "EdDSA");
      return new SignJWT(payload).setProtectedHeader({ alg: "EdDSA", kid: row.kid }).sign(privateKey);
    });
  }
});

/** Onvera as the OpenID provider of its deployments, over real HTTP: every step as it should be, and tampered with (issue: single sign-on). */
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { forgetProviderRecords } from "../../src/server/sign-in/forgetting.ts";
import { rotateProviderKey } from "../../src/server/sign-in/signing-keys.ts";
import {
  type AppClient,
  authorization,
  type Browser,
  clientOfDeployment,
  openBrowser,
  redeem,
} from "../support/app-client.ts";
import { startTestServer, type TestServer } from "../support/http.ts";

const PASSWORD = "quiet harbour at night";
let server: TestServer;
let base: string;
let issuer: string;
let organizationId: string;
let ownerKey: string;
let sales: AppClient;
let nights: AppClient;
let person: { userId: string; email: string };

beforeAll(async () => {
  server = await startTestServer();
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  base = `http://127.0.0.1:${port}`;
  issuer = `${base}/oidc`;
  ({ organizationId, ownerKey } = await server.addOrganization());
  sales = await deploy("superset", "/onvera/authorized");
  nights = await deploy("airflow", "/auth/onvera/authorized");
  person = await server.addUser({ organizationId, role: "developer", password: PASSWORD });
});
afterAll(() => server.close());

async function deploy(app_type: string, path: string): Promise<AppClient> {
  const { id } = await server.deploy(ownerKey, { app_type });
  const { url } = (await server.call("GET", `/api/v1/deployments/${id}`, { key: ownerKey })).body.data;
  return clientOfDeployment(server, organizationId, id, `${url}${path}`);
}

async function tokenOf({ email }: { email: string }): Promise<string> {
  const body = { email, password: PASSWORD };
  return (await server.call("POST", "/api/v1/auth/login", { body })).body.data.access_token;
}

/** Goes to the app's address and comes to Onvera's page. @returns the sign-in's id */
async function begin(browser: Browser, url: string): Promise<string> {
  const answer = await browser.ask(url);
  const [, id = ""] = /^\/app-login\/([\w-]+)$/.exec(answer.headers.get("location") ?? "") ?? [];
  expect([answer.status, id], await answer.text()).toEqual([303, expect.stringMatching(/.{20,}/)]);
  return id;
}
const complete = async (id: string, token: string) =>
  server.call("POST", `/api/v1/auth/app-logins/${id}/complete`, { token });

/** The whole way to the code. */
async function codeFor(client: AppClient, who: { email: string }, browser = openBrowser()) {
  const { url, attempt } = authorization(issuer, client);
  const completed = await complete(await begin(browser, url), await tokenOf(who));
  expect([completed.status, completed.body.error]).toEqual([200, undefined]);
  const back = await browser.ask(`${base}${completed.body.data.continue_path}`);
  const location = new URL(back.headers.get("location") ?? "about:blank");
  expect(location.searchParams.get("state")).toBe(attempt.state);
  return { code: location.searchParams.get("code") ?? "", location, attempt, appRole: completed.body.data.app_role };
}

describe("signing in to an app", () => {
  it("gives the app a signed token of its own that names the person and their role there (ON-22, F21)", async () => {
    for (const [client, role] of [
      [sales, "Alpha"],
      [nights, "Op"],
    ] as const) {
      const { code, location, attempt, appRole } = await codeFor(client, person);
      expect(`${location.origin}${location.pathname}`).toBe(client.redirectUri);
      expect(appRole).toBe(role);
      const { status, body } = await redeem(issuer, client, { code, verifier: attempt.verifier });
      expect([status, body.error_description]).toEqual([200, undefined]);
      const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
      const { payload } = await jwtVerify(body.id_token, keys, { issuer, audience: client.id, algorithms: ["ES256"] });
      expect(payload).toMatchObject({ sub: person.userId, email: person.email, role, nonce: attempt.nonce });
      expect(payload.name).toMatch(/^User /);
    }
  });

  it("is written down, and leaves neither code nor token nor e-mail readable in the database (R8)", async () => {
    const { code, attempt } = await codeFor(sales, person);
    const { body } = await redeem(issuer, sales, { code, verifier: attempt.verifier });
    const [event] = (await server.call("GET", `/api/v1/audit?action=deployment.sign_in`, { key: ownerKey })).body.data
      .items;
    expect(event).toMatchObject({ actor: { id: person.userId }, target_id: sales.id, origin: "web" });
    const rows = JSON.stringify(
      await server.store.asPlatform((db) => db.selectFrom("provider_records").selectAll().execute()),
    );
    for (const secret of [code, body.access_token, attempt.nonce, person.email, person.userId]) {
      expect(rows).not.toContain(secret);
    }
  });

  it("leaves nothing behind when its time is over", async () => {
    const kept = () => server.store.asPlatform((db) => db.selectFrom("provider_records").select("id").execute());
    await codeFor(sales, person);
    const living = (await kept()).length;
    expect(await forgetProviderRecords(server.store)).toBe(0);
    await server.store.asPlatform((db) =>
      db
        .updateTable("provider_records")
        .set({ expires_at: new Date(Date.now() - 1000) })
        .execute(),
    );
    expect(await forgetProviderRecords(server.store)).toBe(living);
    expect(await kept()).toEqual([]);
  });

  it("asks every time: a second sign-in of the same browser goes through the page again, as whoever is signed in then", async () => {
    const browser = openBrowser();
    await codeFor(sales, person, browser);
    const other = await server.addUser({ organizationId, role: "viewer", password: PASSWORD });
    const second = await codeFor(sales, other, browser);
    expect(second.appRole).toBe("Gamma");
    const { body } = await redeem(issuer, sales, { code: second.code, verifier: second.attempt.verifier });
    expect(JSON.parse(Buffer.from(body.id_token.split(".")[1], "base64url").toString()).sub).toBe(other.userId);
  });

  it("is refused to strangers, to API keys, and to who left meanwhile (R7)", async () => {
    const { organizationId: elsewhere } = await server.addOrganization();
    const stranger = await server.addUser({ organizationId: elsewhere, role: "owner", password: PASSWORD });
    const id = await begin(openBrowser(), authorization(issuer, sales).url);
    const refused = await complete(id, await tokenOf(stranger));
    expect([refused.status, refused.body.error.code]).toEqual([403, "ACCESS_DENIED"]);
    const byKey = await server.call("POST", `/api/v1/auth/app-logins/${id}/complete`, { key: ownerKey });
    expect(byKey.status).toBe(403);
    expect((await complete("nothing-of-that-name", await tokenOf(person))).status).toBe(404);

    const leaver = await server.addUser({ organizationId, role: "viewer", password: PASSWORD });
    const { code, attempt } = await codeFor(sales, leaver);
    await server.store.asPlatform((db) => db.deleteFrom("memberships").where("user_id", "=", leaver.userId).execute());
    const late = await redeem(issuer, sales, { code, verifier: attempt.verifier });
    expect([late.status, late.body.error]).toEqual([400, "invalid_grant"]);
  });

  it("is refused to a session that was chosen for another organization of the same person (F21)", async () => {
    const elsewhere = await server.addOrganization();
    await server.store.asPlatform((db) =>
      db
        .insertInto("memberships")
        .values({ organization_id: elsewhere.organizationId, user_id: person.userId, role: "admin" })
        .execute(),
    );
    const id = await begin(openBrowser(), authorization(issuer, sales).url);
    const completed = await server.call("POST", `/api/v1/auth/app-logins/${id}/complete`, {
      token: await tokenOf(person),
      headers: { "X-Onvera-Organization": elsewhere.organizationId },
    });
    expect([completed.status, completed.body.error?.code]).toEqual([403, "ACCESS_DENIED"]);
    expect(completed.body.error.message).toContain("switch to it");
  });

  it("counts a role in the deployment's project (ON-22)", async () => {
    const viewer = await server.addUser({ organizationId, role: "viewer", password: PASSWORD });
    const project = await server.store.asPlatform((db) =>
      db
        .selectFrom("deployments as d")
        .innerJoin("environments as e", "e.id", "d.environment_id")
        .select("e.project_id")
        .where("d.id", "=", sales.id)
        .executeTakeFirstOrThrow(),
    );
    const path = `/api/v1/projects/${project.project_id}/roles/${viewer.userId}`;
    expect((await server.call("PUT", path, { key: ownerKey, body: { role: "developer" } })).status).toBe(200);
    expect((await codeFor(sales, viewer)).appRole).toBe("Alpha");
  });
});

describe("a sign-in that was tampered with", () => {
  it("is refused with another redirect address, without PKCE, or with a plain challenge", async () => {
    for (const changes of [
      { redirect_uri: nights.redirectUri },
      { redirect_uri: "https://evil.example/onvera/authorized" },
      { code_challenge: undefined, code_challenge_method: undefined },
      { code_challenge_method: "plain" },
      { response_type: "token" },
      { client_id: "dep_00000000-0000-4000-8000-000000000000" },
    ]) {
      const answer = await openBrowser().ask(authorization(issuer, sales, changes).url);
      const location = answer.headers.get("location") ?? "";
      expect([changes, location.startsWith("/app-login/"), location.startsWith("https://evil")]).toEqual([
        changes,
        false,
        false,
      ]);
    }
  });

  it("needs the browser it was begun in, the verifier, the secret, and works once", async () => {
    const { url } = authorization(issuer, sales);
    const browser = openBrowser();
    const done = await complete(await begin(browser, url), await tokenOf(person));
    const elsewhere = await openBrowser().ask(`${base}${done.body.data.continue_path}`);
    expect([elsewhere.status, elsewhere.headers.get("location")]).toEqual([400, null]);
    expect(await elsewhere.text()).toContain("Not signed in");

    const wrong = { ...(await codeFor(sales, person)), verifier: "x".repeat(43) };
    expect((await redeem(issuer, sales, wrong)).body.error).toBe("invalid_grant");
    const second = await codeFor(sales, person);
    const secret = { code: second.code, verifier: second.attempt.verifier, secret: nights.secret };
    expect((await redeem(issuer, sales, secret)).body.error).toBe("invalid_client");
    const third = await codeFor(sales, person);
    const once = { code: third.code, verifier: third.attempt.verifier };
    expect((await redeem(issuer, sales, once)).status).toBe(200);
    expect((await redeem(issuer, sales, once)).body.error).toBe("invalid_grant");
  });

  it("is worth nothing at another deployment: neither code, nor ID token, nor access token (F21)", async () => {
    const { code, attempt } = await codeFor(sales, person);
    const stolen = await redeem(issuer, nights, { code, verifier: attempt.verifier });
    expect(stolen.body.error).toBe("invalid_grant");
    const own = await codeFor(sales, person);
    const { body } = await redeem(issuer, sales, { code: own.code, verifier: own.attempt.verifier });
    const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
    await expect(jwtVerify(body.id_token, keys, { issuer, audience: nights.id })).rejects.toThrow(/aud/);
    for (const token of [body.id_token, body.access_token]) {
      expect((await server.call("GET", "/api/v1/whoami", { token })).status).toBe(401);
    }
  });
});

describe("the client of a deployment", () => {
  it("goes with it: a destroyed deployment cannot sign anybody in (ON-46)", async () => {
    const gone = await deploy("superset", "/onvera/authorized");
    await codeFor(gone, person);
    expect((await server.call("DELETE", `/api/v1/deployments/${gone.id}`, { key: ownerKey })).status).toBe(202);
    const answer = await openBrowser().ask(authorization(issuer, gone).url);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain("invalid_client");
  });

  it("gets tokens signed by the new key after a rotation, while the one before stays published", async () => {
    const published = async () =>
      ((await (await fetch(`${issuer}/jwks`)).json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
    const [before = ""] = await published();
    const { kid } = await server.store.asPlatform((db) => rotateProviderKey(db, server.deps.dataKeys));
    expect((await published()).sort()).toEqual([before, kid].sort());
    const { code, attempt } = await codeFor(sales, person);
    const { body } = await redeem(issuer, sales, { code, verifier: attempt.verifier });
    expect(decodeProtectedHeader(body.id_token).kid).toBe(kid);
    const third = await server.store.asPlatform((db) => rotateProviderKey(db, server.deps.dataKeys));
    expect((await published()).sort()).toEqual([kid, third.kid].sort());
  });

  it("has no way in but this: pages of the provider cannot be framed, and run no script (R7)", async () => {
    const answer = await openBrowser().ask(`${issuer}/auth`);
    expect(answer.headers.get("x-frame-options")).toBe("DENY");
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    const discovery = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as object;
    expect(discovery).toMatchObject({
      issuer,
      response_types_supported: ["code"],
      code_challenge_methods_supported: ["S256"],
      token_endpoint_auth_methods_supported: ["client_secret_basic"],
    });
  });
});

/** The dashboard's session: a cookie no script reads, taken only from our own pages, and worth nothing by itself (ON-17). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/http.ts";

const PASSWORD = "correct horse battery";
const HERE = "http://onvera.test:7600";
const LOGIN = "/api/v1/auth/login";
const REFRESH = "/api/v1/auth/refresh";
let server: TestServer;
let email: string;

beforeAll(async () => {
  server = await startTestServer({ limits: { perAddress: 10_000, failuresPerAddress: 10_000 } });
  const { organizationId } = await server.addOrganization();
  ({ email } = await server.addUser({ organizationId, role: "developer", password: PASSWORD }));
});
afterAll(() => server.close());

/** What a page of `origin` sends to a server it knows as `host`. */
const pageAt = (origin: string, site?: string) => ({
  Origin: origin,
  Host: new URL(HERE).host,
  ...(site === undefined ? {} : { "Sec-Fetch-Site": site }),
});
const own = pageAt(HERE, "same-origin");

const signIn = (headers: Record<string, string> = own) =>
  server.call("POST", LOGIN, { body: { email, password: PASSWORD, cookie: true }, headers });
const setCookie = (answer: { headers: Headers }) => answer.headers.getSetCookie()[0] ?? "";
const cookieOf = (answer: { headers: Headers }) => setCookie(answer).split(";")[0] ?? "";
const attributesOf = (answer: { headers: Headers }) => setCookie(answer).split("; ").slice(1);
const refresh = (cookie: string, headers: Record<string, string> = own) =>
  server.call("POST", REFRESH, { body: {}, headers: { ...headers, Cookie: cookie } });
/** Lets more than the ten seconds pass since a session's last renewal. */
const later = (id: string) =>
  server.store.asPlatform((db) =>
    db
      .updateTable("sessions")
      .set({ refreshed_at: new Date(Date.now() - 11_000) })
      .where("id", "=", id)
      .execute(),
  );
const whoami = (token: string) => server.call("GET", "/api/v1/whoami", { token });

describe("the cookie of a signed-in browser (ON-17)", () => {
  it("is HttpOnly, SameSite=Strict and of this host only; the answer's body does not hold what is in it", async () => {
    const answer = await signIn();
    expect(answer.status).toBe(200);
    expect(attributesOf(answer)).toEqual(
      expect.arrayContaining(["HttpOnly", "SameSite=Strict", "Path=/", `Max-Age=${30 * 24 * 3600}`]),
    );
    expect(setCookie(answer)).not.toMatch(/domain=/i);
    expect(answer.body.data).not.toHaveProperty("refresh_token");
    const secret = cookieOf(answer).split("=")[1] ?? "";
    expect(secret.length).toBeGreaterThan(40);
    expect(JSON.stringify(answer.body)).not.toContain(secret);
  });

  it("over https it is Secure and bound to the host by its name; over http, where neither works, it is not", async () => {
    const secure = await signIn(pageAt(HERE.replace("http:", "https:"), "same-origin"));
    expect(cookieOf(secure)).toMatch(/^__Host-onvera_session=/);
    expect(attributesOf(secure)).toContain("Secure");
    const plain = await signIn();
    expect(cookieOf(plain)).toMatch(/^onvera_session=/);
    expect(attributesOf(plain)).not.toContain("Secure");
  });

  it("over https a cookie without the host's prefix, which a sister site could have planted, is not taken", async () => {
    const cookie = cookieOf(await signIn());
    const answer = await refresh(cookie, pageAt(HERE.replace("http:", "https:"), "same-origin"));
    expect([answer.status, answer.body.error.code]).toEqual([401, "INVALID_TOKEN"]);
  });

  it("programs that do not ask for a cookie get none", async () => {
    const answer = await server.call("POST", LOGIN, { body: { email, password: PASSWORD } });
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(answer.body.data.refresh_token).toMatch(/^onv_rt_/);
  });
});

describe("a page of another site", () => {
  const strangers: [what: string, headers: Record<string, string>][] = [
    ["cross-site by the browser's word", pageAt(HERE, "cross-site")],
    ["of a sister host by the browser's word", pageAt("http://other.onvera.test:7600", "same-site")],
    ["not a page's request by the browser's word", pageAt(HERE, "none")],
    ["a foreign Origin from a browser that says no more", pageAt("http://evil.test")],
    ["our name on another port", pageAt("http://onvera.test:9999")],
    ["Origin null, as from a sandboxed frame", { ...pageAt(HERE), Origin: "null" }],
    ["no Origin at all", { Host: new URL(HERE).host }],
  ];

  it.each(strangers)("%s: cannot sign a browser in with a cookie", async (_what, headers) => {
    const answer = await signIn(headers);
    expect([answer.status, answer.body.error.code]).toEqual([403, "ACCESS_DENIED"]);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it.each(strangers)(
    "%s: cannot use the cookie the browser sends along, and does not use it up",
    async (_w, headers) => {
      const cookie = cookieOf(await signIn());
      const answer = await refresh(cookie, headers);
      expect([answer.status, answer.body.error.code]).toEqual([403, "ACCESS_DENIED"]);
      expect((await refresh(cookie)).status).toBe(200);
    },
  );

  it("no change is made on the word of the cookie alone, from whichever page", async () => {
    const cookie = cookieOf(await signIn());
    const body = { app_type: "superset" };
    for (const headers of [own, pageAt("http://evil.test", "cross-site")]) {
      const sent = { headers: { ...headers, Cookie: cookie } };
      expect((await server.call("POST", "/api/v1/deployments", { ...sent, body })).status).toBe(401);
      expect((await server.call("POST", "/api/v1/auth/logout", sent)).status).toBe(401);
      expect((await server.call("GET", "/api/v1/deployments", sent)).status).toBe(401);
    }
    expect((await refresh(cookie)).status).toBe(200);
  });

  it("is given no permission to read answers", async () => {
    const headers = { ...pageAt("http://evil.test", "cross-site"), "Access-Control-Request-Method": "POST" };
    for (const method of ["OPTIONS", "GET"]) {
      const answer = await server.call(method, "/api/v1/whoami", { headers });
      expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
    }
  });
});

describe("keeping and ending it", () => {
  it("each refresh gives a new token and a new cookie; the old one ends the session, as a copy would", async () => {
    const first = await signIn();
    const second = await refresh(cookieOf(first));
    expect(second.status).toBe(200);
    expect(cookieOf(second)).not.toBe(cookieOf(first));
    expect(attributesOf(second)).toEqual(attributesOf(first));
    expect(second.body.data).not.toHaveProperty("refresh_token");
    expect((await whoami(second.body.data.access_token)).body.data.session_id).toBe(first.body.data.session_id);
    await later(first.body.data.session_id);
    expect((await refresh(cookieOf(first))).body.error.code).toBe("SESSION_REVOKED");
    expect((await whoami(second.body.data.access_token)).status).toBe(401);
  });

  it("a page left while it was being renewed stays signed in: for ten seconds the cookie before counts again", async () => {
    const first = await signIn();
    const unheard = await refresh(cookieOf(first));
    const again = await refresh(cookieOf(first));
    expect([unheard.status, again.status]).toEqual([200, 200]);
    const next = await refresh(cookieOf(again));
    expect(next.status).toBe(200);
    // The answer that nobody heard is worth nothing: whoever comes with it took it from somewhere.
    expect((await refresh(cookieOf(unheard))).body.error.code).toBe("SESSION_REVOKED");
    expect((await refresh(cookieOf(next))).body.error.code).toBe("SESSION_REVOKED");
  });

  it("a browser that was never signed in is told so", async () => {
    const answer = await server.call("POST", REFRESH, { body: {}, headers: own });
    expect([answer.status, answer.body.error.code]).toEqual([401, "INVALID_TOKEN"]);
  });

  it.each([HERE, HERE.replace("http:", "https:")])(
    "signing out at %s takes the cookie back and ends it",
    async (at) => {
      const headers = pageAt(at, "same-origin");
      const signedIn = await signIn(headers);
      const cookie = cookieOf(signedIn);
      const out = await server.call("POST", "/api/v1/auth/logout", {
        token: signedIn.body.data.access_token,
        headers: { ...headers, Cookie: cookie },
      });
      expect(out.body.data.signed_out).toBe(true);
      expect(cookieOf(out)).toBe(`${cookie.split("=")[0]}=`);
      expect(attributesOf(out)).toContain("Max-Age=0");
      expect((await refresh(cookie, headers)).body.error.code).toBe("SESSION_REVOKED");
      expect((await whoami(signedIn.body.data.access_token)).status).toBe(401);
    },
  );
});

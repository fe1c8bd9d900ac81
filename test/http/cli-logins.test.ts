/** Signing in the command line by browser: a person lets it in, and it gets one key, once (ON-18, documented "Browser login"). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/http.ts";

const PASSWORD = "quiet harbour at night";
let server: TestServer;
let organizationId: string;
let person: { userId: string; email: string };
let token: string;
let now = new Date();

beforeAll(async () => {
  server = await startTestServer({ now: () => now });
  ({ organizationId } = await server.addOrganization());
  person = await server.addUser({ organizationId, role: "developer", password: PASSWORD });
  token = await signIn();
});
afterAll(() => server.close());

async function signIn(): Promise<string> {
  const body = { email: person.email, password: PASSWORD };
  return (await server.call("POST", "/api/v1/auth/login", { body })).body.data.access_token;
}
const begin = async () =>
  (await server.call("POST", "/api/v1/auth/cli-logins", { body: { client: "onvera CLI on desk" } })).body.data as {
    id: string;
    code: string;
    secret: string;
    approval_path: string;
  };
const redeem = (secret: string) => server.call("POST", "/api/v1/auth/cli-logins/redeem", { body: { secret } });
const decide = (id: string, verb: "approve" | "deny", by: { token?: string; key?: string } = { token }) =>
  server.call("POST", `/api/v1/auth/cli-logins/${id}/${verb}`, by);

describe("a sign-in of the command line", () => {
  it("waits, is let in by a person who sees its code, and gives a key of theirs once (ON-18)", async () => {
    const login = await begin();
    expect(login.code).toMatch(/^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$/);
    expect(login.approval_path).toBe(`/cli-login/${login.id}`);
    expect((await redeem(login.secret)).body.data).toMatchObject({ status: "pending", key: null });
    const seen = await server.call("GET", `/api/v1/auth/cli-logins/${login.id}`, { token });
    expect(seen.body.data).toMatchObject({ code: login.code, client: "onvera CLI on desk", status: "pending" });
    expect((await decide(login.id, "approve")).body.data.status).toBe("approved");
    const { key, organization_id: given } = (await redeem(login.secret)).body.data;
    expect(given).toBe(organizationId);
    const me = (await server.call("GET", "/api/v1/whoami", { key })).body.data;
    expect(me).toMatchObject({ kind: "api_key", user: { id: person.userId }, role: "developer" });
    const again = await redeem(login.secret);
    expect([again.status, again.body.error.code]).toEqual([403, "CLI_LOGIN_NOT_VALID"]);
  });

  it("writes down who let it in and that a key was made, and stores neither secret nor key (ON-22, R8)", async () => {
    const login = await begin();
    await decide(login.id, "approve");
    const { key, api_key_id: keyId } = (await redeem(login.secret)).body.data;
    const rows = await server.store.asPlatform((db) =>
      db.selectFrom("audit_events").select(["action", "actor"]).where("target_id", "in", [login.id, keyId]).execute(),
    );
    expect(rows.map(({ action }) => action).sort()).toEqual(["api_key.create", "auth.cli_login_approved"]);
    for (const { actor } of rows) expect(actor).toMatchObject({ kind: "user", id: person.userId });
    const stored = JSON.stringify(
      await server.store.asPlatform((db) => db.selectFrom("cli_logins").selectAll().execute()),
    );
    for (const secret of [key, login.secret]) expect(stored).not.toContain(secret);
  });

  it("that is refused gives nothing, and a decision stands", async () => {
    const login = await begin();
    expect((await decide(login.id, "deny")).body.data.status).toBe("denied");
    expect((await redeem(login.secret)).status).toBe(403);
    expect((await decide(login.id, "approve")).status).toBe(409);
    expect((await redeem(login.secret)).status).toBe(403);
  });

  it("let in by a restricted key gives no more than that key may do (R7)", async () => {
    const narrow = await server.addKey({
      organizationId,
      userId: person.userId,
      scopes: ["keys:write", "deployments:read"],
    });
    const login = await begin();
    await decide(login.id, "approve", { key: narrow.key });
    const { key } = (await redeem(login.secret)).body.data;
    expect((await server.call("GET", "/api/v1/whoami", { key })).body.data.scopes.sort()).toEqual(
      ["deployments:read", "keys:write"].sort(),
    );
  });

  it("is nothing without its secret, for a removed member, or after ten minutes (R7)", async () => {
    expect((await redeem("onv_cli_guessed")).status).toBe(403);
    const leaver = await server.addUser({ organizationId, role: "developer" });
    const { key } = await server.addKey({ organizationId, userId: leaver.userId });
    const left = await begin();
    await decide(left.id, "approve", { key });
    await server.store.asPlatform((db) => db.deleteFrom("memberships").where("user_id", "=", leaver.userId).execute());
    expect((await redeem(left.secret)).status).toBe(403);
    const late = await begin();
    await decide(late.id, "approve");
    now = new Date(now.getTime() + 10 * 60_000 + 1);
    expect((await redeem(late.secret)).status).toBe(403);
    token = await signIn();
    expect((await server.call("GET", `/api/v1/auth/cli-logins/${late.id}`, { token })).status).toBe(404);
  });

  it("redeemed by two at once gives one key (R10)", async () => {
    const login = await begin();
    await decide(login.id, "approve");
    const answers = await Promise.all(Array.from({ length: 5 }, () => redeem(login.secret)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403, 403, 403]);
  });
});

/** Where a person is signed in, and signing out somewhere else (issue: sessions list and revoke). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/http.ts";
import { addSession } from "../support/session-row.ts";

const PASSWORD = "quiet harbour at night";
let server: TestServer;
let organizationId: string;
let person: { userId: string; email: string };

beforeAll(async () => {
  server = await startTestServer();
  ({ organizationId } = await server.addOrganization());
  person = await server.addUser({ organizationId, role: "viewer", password: PASSWORD });
});
afterAll(() => server.close());

const signIn = async (client: string) => {
  const body = { email: person.email, password: PASSWORD };
  const answer = await server.call("POST", "/api/v1/auth/login", { body, headers: { "user-agent": client } });
  return answer.body.data as { access_token: string; refresh_token: string; session_id: string };
};
const list = async (token: string) => (await server.call("GET", "/api/v1/sessions", { token })).body.data;

describe("a person's sessions (ON-17)", () => {
  it("are listed with their client, the request's own marked; ended and expired ones are not", async () => {
    const laptop = await signIn("Laptop");
    const phone = await signIn("Phone");
    await server.call("POST", "/api/v1/auth/logout", { token: (await signIn("Gone")).access_token });
    await addSession(server.store, person.userId, new Date(Date.now() - 1000));
    const { items, pagination } = await list(laptop.access_token);
    const seen = items.map(({ id, user_agent, current }: Record<string, unknown>) => [id, user_agent, current]);
    expect(seen).toEqual([
      [phone.session_id, "Phone", false],
      [laptop.session_id, "Laptop", true],
    ]);
    expect(pagination.total).toBe(2);
  });

  it("end at once: neither token of an ended one is taken again, and the log says who ended it (R7)", async () => {
    const here = await signIn("Here");
    const there = await signIn("There");
    const address = `/api/v1/sessions/${there.session_id}`;
    const ended = await server.call("DELETE", address, { token: here.access_token });
    expect(ended.body.data).toMatchObject({ id: there.session_id, user_agent: "There", current: false });
    expect((await server.call("GET", "/api/v1/whoami", { token: there.access_token })).status).toBe(401);
    const body = { refresh_token: there.refresh_token };
    expect((await server.call("POST", "/api/v1/auth/refresh", { body })).status).toBe(401);
    expect((await list(here.access_token)).items.map(({ id }: { id: string }) => id)).not.toContain(there.session_id);
    expect((await server.call("DELETE", address, { token: here.access_token })).status).toBe(404);
    const line = await server.store.asPlatform((db) =>
      db
        .selectFrom("audit_events")
        .select(["actor", "target_id"])
        .where("action", "=", "auth.session_ended")
        .where("target_id", "=", there.session_id)
        .executeTakeFirstOrThrow(),
    );
    expect(line.actor).toMatchObject({ kind: "user", id: person.userId });
  });

  it("of somebody else are not there, also for an owner and the operator (R7)", async () => {
    const theirs = (await signIn("Theirs")).session_id;
    const other = await server.addUser({ organizationId, role: "owner", isOperator: true });
    const { key } = await server.addKey({ organizationId, userId: other.userId });
    expect((await server.call("GET", "/api/v1/sessions", { key })).body.data.items).toEqual([]);
    expect((await server.call("DELETE", `/api/v1/sessions/${theirs}`, { key })).status).toBe(404);
  });

  it("are paged without a gap or a double", async () => {
    const { userId } = await server.addUser({ organizationId, role: "viewer" });
    const { key } = await server.addKey({ organizationId, userId });
    const made = await Promise.all(Array.from({ length: 5 }, () => addSession(server.store, userId)));
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const { items, pagination } = (await server.call("GET", `/api/v1/sessions?per_page=2${query}`, { key })).body
        .data;
      seen.push(...items.map(({ id }: { id: string }) => id));
      cursor = pagination.next_cursor;
    }
    expect(seen.sort()).toEqual(made.sort());
  });
});

/** What the API tells of the people in a deployment's app, and asking for a sync (ON-16, ON-17, NH-11). */
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../src/domain/ids.ts";
import { startTestServer, type TestServer } from "../support/http.ts";
import { begin, finish } from "../support/worker-hand.ts";

let server: TestServer;
let organizationId: string;
let key: string;
let id: string;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server?.close());
beforeEach(async () => {
  ({ organizationId, ownerKey: key } = await server.addOrganization());
  ({ id } = await server.deploy(key));
});

const access = async (deployment = id) =>
  (await server.call("GET", `/api/v1/deployments/${deployment}/access`, { key })).body.data;
const ask = (options: Record<string, unknown> = {}) =>
  server.call("POST", `/api/v1/deployments/${id}/access/sync`, { key, ...options });
/** What a sync records. */
const seen = (username: string, role: string | null, error: string | null = null) =>
  server.store.asPlatform((db) =>
    sql`INSERT INTO app_people (deployment_id, organization_id, username, role, error)
      VALUES (${id}, ${organizationId}, ${username}, ${role}, ${error})
      ON CONFLICT (deployment_id, username) DO UPDATE SET role = EXCLUDED.role, error = EXCLUDED.error`.execute(db),
  );
const syncedNow = () =>
  server.store.asPlatform((db) =>
    sql`UPDATE access_syncs SET synced_version = wanted_version, checked_at = now(), failures = 0
      WHERE deployment_id = ${id}`.execute(db),
  );

describe("who is in a deployment's app", () => {
  it("is told per person: wanted, actual, last checked, last error; also whom was removed (NH-11)", async () => {
    const ann = await server.addUser({ organizationId, role: "viewer" });
    const { email } = ann;
    expect(await access()).toMatchObject({ deployment_id: id, state: "pending", checked_at: null, error: null });
    const waiting = (await access()).items.find((person: { email: string }) => person.email === email);
    expect(waiting).toMatchObject({ wanted_role: "Gamma", actual_role: null, state: "pending", checked_at: null });

    const { body } = await ask();
    await finish(server.store, body.data.operation_id);
    await seen(email, "Gamma");
    await seen("gone@acme.example", null);
    await seen("stuck@acme.example", "Alpha", "The app said no.");
    await syncedNow();
    const { state, checked_at: checkedAt, items } = await access();
    expect(state).toBe("synced");
    const person = (address: string) => items.find((one: { email: string }) => one.email === address);
    expect(person(email)).toMatchObject({
      user_id: ann.userId,
      actual_role: "Gamma",
      state: "synced",
      checked_at: checkedAt,
    });
    expect(person("gone@acme.example")).toMatchObject({
      user_id: null,
      wanted_role: null,
      actual_role: null,
      state: "removed",
    });
    expect(person("stuck@acme.example")).toMatchObject({
      actual_role: "Alpha",
      state: "failed",
      error: "The app said no.",
    });
  });

  it("becomes pending with a change of role, in the transaction of the change (ON-17)", async () => {
    const ann = await server.addUser({ organizationId, role: "viewer" });
    await finish(server.store, (await ask()).body.data.operation_id);
    await syncedNow();
    expect((await access()).state).toBe("synced");
    const changed = await server.call("PATCH", `/api/v1/members/${ann.userId}`, { key, body: { role: "developer" } });
    expect(changed.status).toBe(200);
    expect((await access()).state).toBe("pending");
  });

  it("is nobody else's to see: another organization gets 404 (R7)", async () => {
    const other = await server.addOrganization();
    const answer = await server.call("GET", `/api/v1/deployments/${id}/access`, { key: other.ownerKey });
    expect(answer).toMatchObject({ status: 404, body: { error: { code: "DEPLOYMENT_NOT_FOUND" } } });
  });

  it("is nobody from the moment a destroy is asked for (ON-46)", async () => {
    await server.call("DELETE", `/api/v1/deployments/${id}`, { key });
    expect(await access()).toMatchObject({ state: "closed", items: [], next_sync_at: null });
    expect((await ask()).status).toBe(409);
  });
});

describe("asking for a sync", () => {
  it("queues one operation, which a second request joins (ON-16)", async () => {
    const first = await ask();
    expect(first.status).toBe(202);
    const { operation_id: operationId } = first.body.data;
    expect((await ask()).body.data.operation_id).toBe(operationId);
    const operation = await server.call("GET", `/api/v1/operations/${operationId}`, { key });
    expect(operation.body.data).toMatchObject({ type: "access.sync", resource_id: id, status: "queued" });
    expect(await access()).toMatchObject({ state: "syncing", operation_id: operationId });
  });

  it("leaves another one due behind one that runs already", async () => {
    const { operation_id: operationId } = (await ask()).body.data;
    await begin(server.store, operationId);
    expect((await ask()).body.data.operation_id).toBe(operationId);
    await finish(server.store, operationId);
    const { state, next_sync_at: next } = await access();
    expect(state).toBe("pending");
    expect(Date.parse(next)).toBeLessThanOrEqual(Date.now());
  });

  it("is in nobody's way: the deployment shows no operation, and can be changed meanwhile", async () => {
    await ask();
    const { body } = await server.call("GET", `/api/v1/deployments/${id}`, { key });
    expect(body.data.links.operation).toBeNull();
    expect((await server.call("POST", `/api/v1/deployments/${id}/restart`, { key })).status).toBe(202);
  });

  it("is refused with the reason while the app does not run", async () => {
    const { body } = await server.call("POST", `/api/v1/deployments/${id}/stop`, { key });
    await finish(server.store, body.data.operation_id);
    const answer = await ask();
    expect(answer).toMatchObject({ status: 409, body: { error: { code: "RESOURCE_CONFLICT" } } });
    expect(answer.body.error.message).toContain("Start it first");
    expect((await access()).state).toBe("waits_for_start");
  });

  it("is refused for what is not ready yet, and for what nobody knows", async () => {
    const { id: young } = await server.deploy(key, {}, { ready: false });
    const early = await server.call("POST", `/api/v1/deployments/${young}/access/sync`, { key });
    expect(early.body.error.message).toContain("still being provisioned");
    const none = await server.call("POST", `/api/v1/deployments/${newId("deployment")}/access/sync`, { key });
    expect(none.status).toBe(404);
  });
});

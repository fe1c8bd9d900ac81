import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { forgetAnswers } from "../../src/server/answers-kept.ts";
import { startTestServer, type TestServer } from "../support/http.ts";

let server: TestServer;
let organizationId: string;
let key: string;

beforeAll(async () => {
  server = await startTestServer();
  ({ organizationId, ownerKey: key } = await server.addOrganization());
});
afterAll(() => server.close());

const post = (path: string, idempotencyKey: string, body?: unknown, as = key) =>
  server.call("POST", path, { key: as, body, headers: { "Idempotency-Key": idempotencyKey } });
const superset = { app_type: "superset", name: "once" };
const count = async () =>
  (await server.call("GET", "/api/v1/deployments", { key })).body.data.pagination.total as number;

describe("Idempotency-Key", () => {
  it("the same request twice makes one deployment and gets one answer", async () => {
    const before = await count();
    const id = randomUUID();
    const first = await post("/api/v1/deployments", id, superset);
    const second = await post("/api/v1/deployments", id, superset);
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get("location")).toBe(first.headers.get("location"));
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    expect(await count()).toBe(before + 1);
  });

  it("ten of the same request at once make one deployment", async () => {
    const before = await count();
    const id = randomUUID();
    const answers = await Promise.all(Array.from({ length: 10 }, () => post("/api/v1/deployments", id, superset)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body.data.deployment_id)).size).toBe(1);
    expect(await count()).toBe(before + 1);
  });

  it("another body with the same key is 422", async () => {
    const id = randomUUID();
    await post("/api/v1/deployments", id, superset);
    const other = await post("/api/v1/deployments", id, { ...superset, name: "other" });
    expect([other.status, other.body.error.code]).toEqual([422, "IDEMPOTENCY_KEY_REUSED"]);
  });

  it("a refused request leaves the key free for the mended one", async () => {
    const id = randomUUID();
    expect((await post("/api/v1/deployments", id, { app_type: "superset", size: "huge" })).status).toBe(400);
    expect((await post("/api/v1/deployments", id, superset)).status).toBe(202);
  });

  it("belongs to its caller and its address", async () => {
    const id = randomUUID();
    const first = await post("/api/v1/deployments", id, superset);
    const { userId } = await server.addUser({ organizationId, role: "admin" });
    const { key: other } = await server.addKey({ organizationId, userId });
    const theirs = await post("/api/v1/deployments", id, superset, other);
    expect(theirs.body.data.deployment_id).not.toBe(first.body.data.deployment_id);
    expect((await post("/api/v1/api-keys", id, { name: "x" })).status).toBe(201);
  });

  it("gives the key of a repeated api-keys request again, and stores it nowhere in clear", async () => {
    const id = randomUUID();
    const first = await post("/api/v1/api-keys", id, { name: "repeated" });
    const second = await post("/api/v1/api-keys", id, { name: "repeated" });
    expect(second.body.data.key).toBe(first.body.data.key);
    const rows = await server.store.asPlatform((db) =>
      db.selectFrom("idempotency_keys").select("body").where("key", "=", id).execute(),
    );
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(first.body.data.key.slice(12));
    expect(rows[0]?.body).toMatchObject({ v: 1, ct: expect.any(String) });
  });

  it("works on every action: the second stop is the first one's answer, not a conflict", async () => {
    const { id } = await server.deploy(key);
    const idempotencyKey = randomUUID();
    const first = await post(`/api/v1/deployments/${id}/stop`, idempotencyKey);
    const second = await post(`/api/v1/deployments/${id}/stop`, idempotencyKey);
    expect(second.body).toEqual(first.body);
    expect((await post(`/api/v1/deployments/${id}/stop`, randomUUID())).status).toBe(409);
  });

  it("is forgotten after 24 hours", async () => {
    const id = randomUUID();
    const first = await post("/api/v1/deployments", id, superset);
    await server.store.asPlatform((db) =>
      db
        .updateTable("idempotency_keys")
        .set({ created_at: new Date(Date.now() - 25 * 3_600_000) })
        .where("key", "=", id)
        .execute(),
    );
    const later = await post("/api/v1/deployments", id, superset);
    expect(later.body.data.deployment_id).not.toBe(first.body.data.deployment_id);
  });

  it("takes no place after a day: what is too old goes, in however many batches, and nothing else (NH-09)", async () => {
    const young = randomUUID();
    const first = await post("/api/v1/deployments", young, superset);
    await server.store.asPlatform((db) =>
      sql`INSERT INTO idempotency_keys (organization_id, caller, route, key, fingerprint, created_at)
        SELECT ${organizationId}, 'old', 'POST /x', n::text, '', now() - interval '25 hours' FROM generate_series(1, 5001) n`.execute(
        db,
      ),
    );
    expect(await forgetAnswers(server.store)).toBeGreaterThanOrEqual(5001);
    expect(await forgetAnswers(server.store)).toBe(0);
    expect((await post("/api/v1/deployments", young, superset)).body).toEqual(first.body);
  });
});

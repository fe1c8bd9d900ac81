/** Two walls between organizations: the id in every query, and row-level security behind it. Each is tried alone. */
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Scoped } from "../../src/store/database.ts";
import type { Tables } from "../../src/store/schema.ts";
import { startTestServer, type TestServer } from "../support/http.ts";

let server: TestServer;
let ours: { organizationId: string; ownerKey: string; owner: string };
let theirs: { organizationId: string; ownerKey: string; owner: string };
let mine: string;

beforeAll(async () => {
  server = await startTestServer();
  ours = await server.addOrganization();
  theirs = await server.addOrganization();
  mine = (await server.deploy(ours.ownerKey)).id;
  await server.deploy(theirs.ownerKey);
  await server.call("GET", "/api/v1/whoami", { key: ours.ownerKey, headers: { "Idempotency-Key": "x" } });
  await server.call("POST", "/api/v1/deployments", {
    key: ours.ownerKey,
    body: { app_type: "superset" },
    headers: { "Idempotency-Key": "seed" },
  });
  for (const { ownerKey } of [ours, theirs]) await server.addServiceAccount(ownerKey, {});
  await server.store.asPlatform((db) =>
    server.deps.custody.put(db, { ownerId: mine, organizationId: ours.organizationId, name: "s" }, "x"),
  );
});
afterAll(() => server.close());

const tenantTables = [
  "projects",
  "environments",
  "deployments",
  "deployment_specs",
  "operations",
  "operation_events",
  "custody_secrets",
  "api_keys",
  "service_accounts",
  "memberships",
  "idempotency_keys",
  "audit_events",
] as const satisfies readonly (keyof Tables)[];

/** Found by a hash or a key's id while nobody knows yet for whom; what they hold is sealed or worthless alone. */
const readBeforeAnyOrganization = ["cli_logins", "data_keys", "sessions"];

describe("row-level security alone (ON-08)", () => {
  it.each(tenantTables)("%s: a query without any condition sees one organization's rows only", async (table) => {
    const rows = await server.store.forOrganization(theirs.organizationId, (db) =>
      db
        .selectFrom(table as "deployments")
        .select("organization_id")
        .execute(),
    );
    const all = await server.store.asPlatform((db) =>
      db
        .selectFrom(table as "deployments")
        .select("organization_id")
        .execute(),
    );
    expect(all.some((row) => row.organization_id === ours.organizationId)).toBe(true);
    expect(rows.every((row) => row.organization_id === theirs.organizationId)).toBe(true);
  });

  it("stands before every table that names an organization, so that a new one cannot be forgotten", async () => {
    const { rows } = await server.store.pool.query<{ name: string }>(`
      SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relnamespace = 'onvera'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'organization_id'
        AND NOT (c.relrowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))`);
    expect(rows.map(({ name }) => name).sort()).toEqual(readBeforeAnyOrganization);
  });

  it("foreign rows are neither changed, deleted nor written", async () => {
    const inTheirs = <T>(work: (db: Scoped) => Promise<T>) => server.store.forOrganization(theirs.organizationId, work);
    const changed = await inTheirs((db) =>
      db.updateTable("deployments").set({ name: "stolen" }).where("id", "=", mine).executeTakeFirst(),
    );
    expect(Number(changed.numUpdatedRows)).toBe(0);
    const deleted = await inTheirs((db) => db.deleteFrom("deployment_specs").executeTakeFirst());
    expect(Number(deleted.numDeletedRows)).toBe(1);
    await expect(
      inTheirs((db) =>
        db
          .insertInto("projects")
          .values({ id: "proj_x", organization_id: ours.organizationId, name: "x", slug: "x" })
          .execute(),
      ),
    ).rejects.toThrow(/row-level security/);
  });

  it("a session without any scope sees nothing", async () => {
    const { rows } = await server.store.pool.query("SELECT id FROM onvera.deployments");
    expect(rows).toEqual([]);
  });

  it("nobody rewrites the audit log", async () => {
    for (const statement of [sql`UPDATE audit_events SET action = 'x'`, sql`DELETE FROM audit_events`]) {
      await expect(server.store.asPlatform((db) => statement.execute(db))).rejects.toThrow(
        /permission denied|append-only/,
      );
    }
  });
});

describe("foreign ids over HTTP are 404, not 403 (ON-08)", () => {
  it("for every address below a deployment, and for its operations", async () => {
    const { operation_id: operation } = (
      await server.call("POST", `/api/v1/deployments/${mine}/stop`, { key: ours.ownerKey })
    ).body.data;
    const asks: [string, string, unknown?][] = [
      ["GET", `/deployments/${mine}`],
      ["PATCH", `/deployments/${mine}`, { name: "x" }],
      ["DELETE", `/deployments/${mine}`],
      ...["plan", "start", "stop", "restart", "scale", "credentials/rotate", "dag-syncs"].map(
        (action): [string, string, unknown?] => [
          "POST",
          `/deployments/${mine}/${action}`,
          action === "plan" ? {} : action === "scale" ? { replicas: { web: 1 } } : undefined,
        ],
      ),
      ...["logs", "health", "metrics", "resources", "outputs", "events", "operations", "credentials", "receipt"].map(
        (view): [string, string] => ["GET", `/deployments/${mine}/${view}`],
      ),
      ["GET", `/operations/${operation}`],
      ["GET", `/operations/${operation}/events`],
      ["POST", `/operations/${operation}/cancel`],
    ];
    for (const [method, path, body] of asks) {
      const answer = await server.call(method, `/api/v1${path}`, { key: theirs.ownerKey, body });
      expect([path, answer.status]).toEqual([path, 404]);
      const nobodys = path.replace(/(dep|op)_[0-9a-f-]+/, "$1_550e8400-e29b-41d4-a716-446655440000");
      const absent = await server.call(method, `/api/v1${nobodys}`, { key: theirs.ownerKey, body });
      expect([path, absent.body.error.code, absent.body.error.message]).toEqual([
        path,
        answer.body.error.code,
        answer.body.error.message,
      ]);
    }
  });

  it("lists, counts and filters never mention the neighbour", async () => {
    const { data } = (await server.call("GET", `/api/v1/operations?resource_id=${mine}`, { key: theirs.ownerKey }))
      .body;
    expect(data).toMatchObject({ items: [], pagination: { total: 0 } });
    const audit = (await server.call("GET", "/api/v1/audit?per_page=100", { key: theirs.ownerKey })).body.data;
    expect(JSON.stringify(audit)).not.toContain(mine);
  });

  it("a foreign environment cannot be deployed into", async () => {
    const own = await server.store.asPlatform((db) =>
      db
        .selectFrom("environments")
        .select("id")
        .where("organization_id", "=", ours.organizationId)
        .executeTakeFirstOrThrow(),
    );
    const answer = await server.call("POST", "/api/v1/deployments", {
      key: theirs.ownerKey,
      body: { app_type: "superset", environment_id: own.id },
    });
    expect([answer.status, answer.body.error.code]).toEqual([404, "ENVIRONMENT_NOT_FOUND"]);
  });

  it("a stream of an app's log or of an operation's records does not begin, whatever position is named (R7)", async () => {
    const { data } = (await server.call("GET", `/api/v1/operations?resource_id=${mine}`, { key: ours.ownerKey })).body;
    for (const path of [`/deployments/${mine}/logs?follow=true`, `/operations/${data.items[0].id}/events`]) {
      const answer = await server.call("GET", `/api/v1${path}`, {
        key: theirs.ownerKey,
        headers: { Accept: "text/event-stream", "Last-Event-ID": "1" },
      });
      expect([path, answer.status]).toEqual([path, 404]);
    }
  });

  it("a cursor of the neighbour's list shows rows of one's own only (R7)", async () => {
    const first = await server.call("GET", "/api/v1/deployments?per_page=1", { key: ours.ownerKey });
    const cursor = encodeURIComponent(first.body.data.pagination.next_cursor);
    const answer = await server.call("GET", `/api/v1/deployments?cursor=${cursor}`, { key: theirs.ownerKey });
    const own = (await server.call("GET", "/api/v1/deployments", { key: theirs.ownerKey })).body.data.items;
    const ids = own.map(({ id }: { id: string }) => id);
    for (const { id } of answer.body.data?.items ?? []) expect(ids).toContain(id);
    expect(JSON.stringify(answer.body)).not.toContain(mine);
  });

  it("a browser's cookie is worth nothing by itself, and opens no other organization (R7)", async () => {
    const person = await server.addUser({
      organizationId: theirs.organizationId,
      role: "owner",
      password: "vivid-otter-kneads-lamp",
    });
    const own = { Origin: "http://onvera.test", Host: "onvera.test", "Sec-Fetch-Site": "same-origin" };
    const login = await server.call("POST", "/api/v1/auth/login", {
      headers: own,
      body: { email: person.email, password: "vivid-otter-kneads-lamp", cookie: true },
    });
    const cookie = login.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const bare = await server.call("GET", "/api/v1/deployments", { headers: { ...own, Cookie: cookie } });
    expect([bare.status, bare.body.error.code]).toEqual([401, "MISSING_API_KEY"]);
    const renewed = await server.call("POST", "/api/v1/auth/refresh", {
      body: {},
      headers: { ...own, Cookie: cookie },
    });
    const chosen = await server.call("GET", "/api/v1/deployments", {
      token: renewed.body.data.access_token,
      headers: { "X-Onvera-Organization": ours.organizationId },
    });
    expect([chosen.status, chosen.body.error.code]).toEqual([404, "ORGANIZATION_NOT_FOUND"]);
  });
});

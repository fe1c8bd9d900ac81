/** What accepting a deployment holds to beside its answer: its rows come all or none, also while the schema changes. */
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/http.ts";

let server: TestServer;
let organizationId: string;
let key: string;

beforeAll(async () => {
  server = await startTestServer();
  ({ organizationId, ownerKey: key } = await server.addOrganization());
});
afterAll(() => server.close());

const create = () => server.call("POST", "/api/v1/deployments", { key, body: { app_type: "superset" } });

const rows = async () => {
  const tables = ["deployments", "deployment_specs", "operations", "operation_events", "audit_events"];
  const counts = tables.map((table) => `(SELECT count(*) FROM onvera.${table}) AS ${table}`);
  const { rows: found } = await server.store.asPlatform((db) => sql.raw(`SELECT ${counts}`).execute(db));
  return found[0];
};

const limitQueue = (queued: number) =>
  server.store.asPlatform((db) =>
    db
      .updateTable("organization_queues")
      .set({ queued_limit: queued })
      .where("organization_id", "=", organizationId)
      .execute(),
  );

describe("accepting a deployment", () => {
  it("makes its rows all or none: with a full queue there is no trace of it (ON-12, NH-09)", async () => {
    await limitQueue(1);
    expect((await create()).status).toBe(202);
    const before = await rows();
    expect((await create()).status).toBe(429);
    expect(await rows()).toEqual(before);
    await limitQueue(1000);
    expect((await create()).status).toBe(202);
  });

  it("goes on, on connections already in use, while a migration adds columns to its tables (ON-12, R13)", async () => {
    // As many as the pool has connections, several times over: each has planned its statement.
    const burst = () => Promise.all(Array.from({ length: 8 }, async () => (await create()).status));
    expect(new Set(await burst())).toEqual(new Set([202]));
    for (const table of ["deployments", "deployment_specs", "operations", "operation_events"]) {
      await server.store.pool.query(`ALTER TABLE onvera.${table} ADD COLUMN added_later text`);
    }
    expect(new Set(await burst())).toEqual(new Set([202]));
  });
});

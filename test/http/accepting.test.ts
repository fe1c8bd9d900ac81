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

const create = (headers: Record<string, string> = {}, settings: Record<string, unknown> = {}) =>
  server.call("POST", "/api/v1/deployments", { key, headers, body: { app_type: "superset", ...settings } });

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

  it("says so only when it is committed: what refuses at the commit leaves no trace, and the next one is accepted (ON-12)", async () => {
    const before = await rows();
    await server.store.pool.query(`
      CREATE FUNCTION onvera.refuse_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'late'; END $$;
      CREATE CONSTRAINT TRIGGER refuse_late AFTER INSERT ON onvera.operations DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION onvera.refuse_late()`);
    expect((await create()).status).toBe(500);
    await server.store.pool.query("DROP FUNCTION onvera.refuse_late() CASCADE");
    expect(await rows()).toEqual(before);
    expect((await create()).status).toBe(202);
  });

  it("makes the same rows in one message as in a transaction with an Idempotency-Key or with secrets (ON-12)", async () => {
    const ways = [
      [{}, {}],
      [{ "idempotency-key": "accepting" }, {}],
      [{}, { environment_variables: { MOOD: "sunny" } }],
    ] as const;
    const ids: string[] = [];
    for (const [headers, settings] of ways) ids.push((await create(headers, settings)).body.data.deployment_id);
    const { rows: made } = await server.store.asPlatform((db) =>
      sql`
        SELECT o.type, o.slot, o.status, o.capability, o.origin, o.requested_by, o.next_event_seq, s.revision,
          (SELECT array_agg(e.type) FROM operation_events e WHERE e.operation_id = o.id) AS events,
          a.action, a.outcome, a.actor, a.hash IS NOT NULL AS is_linked
        FROM operations o
          JOIN deployment_specs s ON s.deployment_id = o.resource_id
          JOIN audit_events a ON a.target_id = o.resource_id
        WHERE o.resource_id = ANY(${ids})`.execute(db),
    );
    expect(made).toHaveLength(ways.length);
    expect(made[0]).toMatchObject({
      status: "queued",
      events: ["status"],
      action: "deployment.create",
      is_linked: true,
    });
    for (const row of made) expect(row).toEqual(made[0]);
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

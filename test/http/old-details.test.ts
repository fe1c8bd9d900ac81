import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { forgetDetails } from "../../src/server/old-details.ts";
import { startTestServer, type TestServer } from "../support/http.ts";

let server: TestServer;
let key: string;

beforeAll(async () => {
  server = await startTestServer();
  ({ ownerKey: key } = await server.addOrganization());
});
afterAll(() => server.close());

const TYPES = ["status", "phase", "resource", "diagnostic", "log", "step", "attempt", "choice", "end"];

/** An operation that ended so many days ago (null: not at all), with an event of every type. */
async function operation(daysAgo: number | null): Promise<string> {
  const { body } = await server.call("POST", "/api/v1/deployments", {
    key,
    body: { app_type: "superset", name: "old" },
    headers: { "Idempotency-Key": randomUUID() },
  });
  const id: string = body.data.operation_id;
  await server.store.asPlatform(async (db) => {
    await sql`DELETE FROM operation_events WHERE operation_id = ${id}`.execute(db);
    await sql`INSERT INTO operation_events (operation_id, seq, organization_id, type, data)
      SELECT id, n, organization_id, (${TYPES}::text[])[n], '{}' FROM operations, generate_series(1, ${TYPES.length}::int) n
      WHERE id = ${id}`.execute(db);
    await sql`UPDATE operations SET next_event_seq = ${TYPES.length + 1} WHERE id = ${id}`.execute(db);
    if (daysAgo === null) return;
    await sql`UPDATE operations SET status = 'succeeded', ended_at = now() - make_interval(hours => ${daysAgo * 24}) WHERE id = ${id}`.execute(
      db,
    );
  });
  return id;
}

const typesOf = async (id: string): Promise<string[]> => {
  const { body } = await server.call("GET", `/api/v1/operations/${id}/events?after=0`, { key });
  return body.data.items.map(({ type }: { type: string }) => type);
};

it("details of operations that ended 90 days ago go, how they went and ended stays; younger and running ones keep all (NH-09)", async () => {
  const [old, young, running] = [await operation(91), await operation(89), await operation(null)];
  expect(await forgetDetails(server.store)).toBe(1);
  expect(await typesOf(old)).toEqual(["status", "phase", "attempt", "choice", "end"]);
  expect(await typesOf(young)).toEqual(TYPES);
  expect(await typesOf(running)).toEqual(TYPES);
  // Nothing is looked at twice, and what grows old later is found; several servers do it at once.
  const later = await operation(90.5);
  const counts = await Promise.all([forgetDetails(server.store), forgetDetails(server.store)]);
  expect(counts.toSorted()).toEqual([0, 1]);
  expect(await typesOf(later)).not.toContain("resource");
});

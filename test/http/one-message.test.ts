/** A statement with its scope and its commit in one message to the database: what it gives, and what it leaves when it fails. */
import { CompiledQuery } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withTraceparent } from "../../src/store/database.ts";
import { startTestServer, type TestServer } from "../support/http.ts";

let server: TestServer;
let organizationId: string;

beforeAll(async () => {
  server = await startTestServer();
  ({ organizationId } = await server.addOrganization());
});
afterAll(() => server.close());

const run = (text: string, values: unknown[] = [], organization = organizationId) =>
  server.store.inOneMessage(organization, () => CompiledQuery.raw(text, values));

const setting = (name: string) => `current_setting('onvera.${name}', true)`;

describe("a statement in one message", () => {
  it("gives rows as every query does: numbers, truths, nothing, JSON", async () => {
    expect(
      await run("SELECT $1::bigint AS n, $2::boolean AS yes, $3::text AS none, '[1]'::jsonb AS list", [7, true, null]),
    ).toEqual([{ n: 7, yes: true, none: null, list: [1] }]);
    expect(await run("SELECT id FROM organizations WHERE false")).toEqual([]);
  });

  it("sees its organization's rows only, and leaves no sight behind on the connection (ON-10, R7)", async () => {
    const other = await server.addOrganization();
    expect(await run("SELECT DISTINCT organization_id AS id FROM environments")).toEqual([{ id: organizationId }]);
    expect(await run("SELECT DISTINCT organization_id AS id FROM environments", [], other.organizationId)).toEqual([
      { id: other.organizationId },
    ]);
    const { rows } = await server.store.pool.query(
      `SELECT current_user = session_user AS own, ${setting("organization_id")} AS sight, ${setting("scope")} AS scope`,
    );
    expect(rows).toEqual([{ own: true, sight: "", scope: "" }]);
  });

  it("carries the trace of whoever asks, and none otherwise (ON-12)", async () => {
    const text = `SELECT ${setting("traceparent")} AS trace`;
    expect(await withTraceparent("00-trace", () => run(text))).toEqual([{ trace: "00-trace" }]);
    expect(await run(text)).toEqual([{ trace: "" }]);
  });

  it("leaves nothing of what failed, and the connection as good as before (R5)", async () => {
    const insert = "INSERT INTO projects (id, organization_id, name, slug) VALUES ($1, $2, $1, $1)";
    const twice = `${insert}, ($1, $2, $1, $1)`;
    const { totalCount } = server.store.pool;
    for (let round = 0; round < 3; round++) {
      await expect(run(twice, ["prj_one", organizationId])).rejects.toMatchObject({ code: "23505" });
      await expect(run("SELECT nothing_of_that_name")).rejects.toMatchObject({ code: "42703" });
      expect(await run("SELECT count(*) AS n FROM projects WHERE id = 'prj_one'")).toEqual([{ n: 0 }]);
    }
    expect(server.store.pool.totalCount).toBe(totalCount);
    await run(insert, ["prj_one", organizationId]);
    expect(await run("SELECT count(*) AS n FROM projects WHERE id = 'prj_one'")).toEqual([{ n: 1 }]);
  });

  it("refuses a value it has no text for before anything is sent", async () => {
    await expect(run("SELECT $1", [new Date()])).rejects.toThrow("texts, numbers, booleans and null");
    expect(await run("SELECT 1 AS n")).toEqual([{ n: 1 }]);
  });
});

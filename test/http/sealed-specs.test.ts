/** A customer's secrets in specs and plans: sealed in every row, readable by whom they belong to (NH-07, R8). */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadContext } from "../../src/automation/worker/context.ts";
import { SealError } from "../../src/domain/envelope.ts";
import { canary, dumpDatabase, searchCanaries } from "../support/canary.ts";
import { startTestServer, type TestServer } from "../support/http.ts";
import { finish } from "../support/worker-hand.ts";

let server: TestServer;
let key: string;
const secrets = Object.fromEntries(
  ["connection", "variable", "environment", "config", "git", "planned", "updated"].map((name) => [name, canary(name)]),
) as Record<"connection" | "variable" | "environment" | "config" | "git" | "planned" | "updated", string>;

const airflow = {
  app_type: "airflow",
  name: "Sealed",
  environment_variables: { TOKEN: secrets.environment },
  airflow: {
    connections: { warehouse: `postgres://etl:${secrets.connection}@db.example.test/x` },
    variables: { api_token: secrets.variable },
    dags: { url: `https://robot:${secrets.git}@git.example.test/dags.git` },
  },
};
const superset = {
  app_type: "superset",
  superset: { config: { MAIL_PASSWORD: secrets.config, NESTED: { deep: [secrets.config] } } },
};

beforeAll(async () => {
  server = await startTestServer({ masterKey: { id: "mk_test", key: randomBytes(32) } });
  ({ ownerKey: key } = await server.addOrganization());
});
afterAll(() => server.close());

const post = (path: string, body: unknown, headers = {}) =>
  server.call("POST", `/api/v1/deployments${path}`, { key, body, headers });
const specRow = (id: string) =>
  server.store.asPlatform((db) =>
    db.selectFrom("deployment_specs").selectAll().where("deployment_id", "=", id).orderBy("revision").execute(),
  );
const context = (operationId: string) =>
  server.store.asPlatform(async (db) =>
    loadContext(
      db,
      server.deps.dataKeys,
      await db.selectFrom("operations").selectAll().where("id", "=", operationId).executeTakeFirstOrThrow(),
    ),
  );

describe("customers' secrets in stored specs (NH-07, R8)", () => {
  it("stand in no row of any table after create, update, restart and plan, in no form (R8)", async () => {
    const created = await post("", airflow, { "idempotency-key": "sealed-1" });
    expect(created.status).toBe(202);
    await post("", superset);
    const id = created.body.data.deployment_id;
    await finish(server.store, created.body.data.operation_id);
    const planned = await post(`/${id}/plan`, { changes: { airflow: { variables: { more: secrets.planned } } } });
    expect(planned.status).toBe(202);
    const updated = await server.call("PATCH", `/api/v1/deployments/${id}`, {
      key,
      body: { environment_variables: { SECOND: secrets.updated } },
    });
    expect(updated.status).toBe(202);
    await finish(server.store, updated.body.data.operation_id);
    expect((await post(`/${id}/restart`, undefined)).status).toBe(202);

    const search = searchCanaries(secrets);
    const { tables, rows } = await dumpDatabase(server.connectionString, search.look);
    expect(tables).toBeGreaterThan(20);
    expect(rows).toBeGreaterThan(10);
    expect(search.hits).toEqual([]);

    const wanted = (await context(planned.body.data.operation_id)).wanted.spec;
    expect(wanted.airflow?.variables).toEqual({ api_token: secrets.variable, more: secrets.planned });
    const { settings } = (await server.call("GET", `/api/v1/deployments/${id}`, { key })).body.data;
    expect(settings.environment_variables).toEqual({ TOKEN: secrets.environment, SECOND: secrets.updated });
  });

  it("are found by the search when they do stand somewhere", async () => {
    const search = searchCanaries({ connection: secrets.connection });
    const encoded = Buffer.from(`xx${secrets.connection}`).toString("base64");
    for (const text of [secrets.connection, encoded, Buffer.from(secrets.connection).toString("hex")]) {
      search.look("here", `"${text}"`);
    }
    search.look("state", Buffer.from(JSON.stringify({ nested: [encoded], filler: "x".repeat(80) })).toString("base64"));
    expect(new Set(search.hits.map(({ where }) => where))).toEqual(new Set(["here", "state (decoded)"]));
    expect(search.hits.filter(({ where }) => where === "here")).toHaveLength(3);
  });

  it("open only in the row they were sealed for, and members that are empty stay readable", async () => {
    const { body } = await post("", airflow);
    const { body: other } = await post("", { app_type: "airflow", name: "Plain" });
    const [mine] = await specRow(body.data.deployment_id);
    const [theirs] = await specRow(other.data.deployment_id);
    expect(theirs?.spec.environment_variables).toEqual({});
    expect(mine?.spec.environment_variables).toEqual({ $sealed: expect.objectContaining({ v: 1 }) });
    await server.store.asPlatform((db) =>
      db
        .updateTable("deployment_specs")
        .set({ spec: JSON.stringify(mine?.spec) })
        .where("deployment_id", "=", other.data.deployment_id)
        .execute(),
    );
    await expect(context(other.data.operation_id)).rejects.toThrow(SealError);
  });

  it("of rows stored before they were sealed are read as they are, and the next revision seals them", async () => {
    const { body } = await post("", airflow);
    const { deployment_id: id, operation_id: operationId } = body.data;
    const { wanted } = await context(operationId);
    await server.store.asPlatform((db) =>
      db
        .updateTable("deployment_specs")
        .set({ spec: JSON.stringify(wanted.spec) })
        .where("deployment_id", "=", id)
        .execute(),
    );
    expect((await context(operationId)).wanted.spec).toEqual(wanted.spec);
    await finish(server.store, operationId);
    const restarted = await post(`/${id}/restart`, undefined);
    const [, next] = await specRow(id);
    expect(next?.spec.airflow?.variables).toHaveProperty("$sealed");
    expect((await context(restarted.body.data.operation_id)).wanted.spec.airflow).toEqual(wanted.spec.airflow);
  });

  it("are masked for those who may not change them, Git passwords for everybody", async () => {
    const { organizationId, ownerKey } = await server.addOrganization();
    const created = await server.call("POST", "/api/v1/deployments", { key: ownerKey, body: airflow });
    await server.call("POST", "/api/v1/deployments", { key: ownerKey, body: superset });
    const { userId } = await server.addUser({ organizationId, role: "viewer" });
    const viewer = (await server.addKey({ organizationId, userId })).key;
    const seen = await server.call("GET", "/api/v1/deployments", { key: viewer });
    const search = searchCanaries(secrets);
    search.look("a viewer's list", JSON.stringify(seen.body));
    expect(search.hits).toEqual([]);
    const mine = await server.call("GET", `/api/v1/deployments/${created.body.data.deployment_id}`, { key: ownerKey });
    expect(mine.body.data.settings.airflow.dags.url).toBe("https://robot:********@git.example.test/dags.git");
    expect(mine.body.data.settings.airflow.variables).toEqual({ api_token: secrets.variable });
  });
});

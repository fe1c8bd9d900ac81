import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/http.ts";
import { finish } from "../support/worker-hand.ts";

let server: TestServer;
let organizationId: string;
let key: string;
let operatorKey: string;

beforeAll(async () => {
  server = await startTestServer();
  ({ organizationId, ownerKey: key } = await server.addOrganization());
  const { userId } = await server.addUser({ organizationId, role: "owner", isOperator: true });
  operatorKey = (await server.addKey({ organizationId, userId })).key;
});
afterAll(() => server.close());

const act = (id: string, action: string, body?: unknown, as = key) =>
  server.call("POST", `/api/v1/deployments/${id}/${action}`, { key: as, body });
const get = async (id: string) => (await server.call("GET", `/api/v1/deployments/${id}`, { key })).body.data;
const operation = (id: string) =>
  server.store.asPlatform((db) =>
    db.selectFrom("operations").select(["type", "input", "slot"]).where("id", "=", id).executeTakeFirstOrThrow(),
  );
const spec = async (id: string) => {
  const { revision } = await get(id);
  return server.store.asPlatform(
    async (db) =>
      (
        await db
          .selectFrom("deployment_specs")
          .select("spec")
          .where("deployment_id", "=", id)
          .where("revision", "=", revision.wanted)
          .executeTakeFirstOrThrow()
      ).spec,
  );
};
const withDags = { app_type: "airflow", airflow: { dags: { url: "https://example.test/dags.git" } } };

describe("each action is one operation that changes the wanted spec (ON-12, ON-24)", () => {
  it("stop, then start", async () => {
    const { id } = await server.deploy(key);
    const stop = await act(id, "stop");
    expect(stop.status).toBe(202);
    expect(await operation(stop.body.data.operation_id)).toMatchObject({
      type: "deployment.stop",
      slot: "changing",
      input: { revision: 2, previous_revision: 1 },
    });
    await finish(server.store, stop.body.data.operation_id);
    expect(await get(id)).toMatchObject({ status: "ready", power_state: "stopped", health: "stopped" });
    const start = await act(id, "start");
    await finish(server.store, start.body.data.operation_id);
    expect(await get(id)).toMatchObject({ status: "ready", power_state: "running", health: "healthy" });
  });

  it("restart gives a token that was never there before", async () => {
    const { id } = await server.deploy(key);
    const seen = new Set<string>();
    for (let n = 0; n < 3; n++) {
      const answer = await act(id, "restart");
      await finish(server.store, answer.body.data.operation_id);
      seen.add((await spec(id)).restart_token);
    }
    expect(seen.size).toBe(3);
  });

  it("scale changes the copies of the named process only", async () => {
    const { id } = await server.deploy(key, { app_type: "airflow", replicas: { triggerer: 2 } });
    const answer = await act(id, "scale", { replicas: { "api-server": 3 } });
    expect((await operation(answer.body.data.operation_id)).type).toBe("deployment.scale");
    expect((await spec(id)).replicas).toEqual({ triggerer: 2, "api-server": 3 });
  });

  it("a rotation of credentials goes over to the other database login, and back with the next", async () => {
    const { id } = await server.deploy(key);
    const turns = [];
    for (let n = 0; n < 2; n++) {
      const answer = await act(id, "credentials/rotate");
      expect((await operation(answer.body.data.operation_id)).type).toBe("deployment.rotate_credentials");
      await finish(server.store, answer.body.data.operation_id);
      const { database_login: login, database_rotation: rotation } = await spec(id);
      turns.push([login, rotation]);
    }
    expect(turns).toEqual([
      ["b", 1],
      ["a", 2],
    ]);
  });

  it("a DAG sync pulls the repository again", async () => {
    const { id } = await server.deploy(key, withDags);
    const answer = await act(id, "dag-syncs");
    expect((await operation(answer.body.data.operation_id)).type).toBe("dag.sync");
    expect((await spec(id)).dags_revision).not.toBe("");
  });

  it("a plan changes nothing, and takes no slot: two run beside a change", async () => {
    const { id } = await server.deploy(key);
    const stop = await act(id, "stop");
    const first = await act(id, "plan", { changes: { size: "large" } });
    const second = await act(id, "plan", { destroy: true });
    expect([stop.status, first.status, second.status]).toEqual([202, 202, 202]);
    const planned = await operation(first.body.data.operation_id);
    expect(planned).toMatchObject({ slot: "reading", input: { destroy: false, spec: { size: "large" } } });
    expect((await operation(second.body.data.operation_id)).input).toMatchObject({ destroy: true });
    expect((await get(id)).revision.wanted).toBe(2);
    expect((await spec(id)).size).toBe("small");
    expect((await get(id)).current_operation_id).toBe(stop.body.data.operation_id);
  });

  it("the operator's pulumi command is an operation like any other", async () => {
    const { id } = await server.deploy(key);
    const answer = await act(id, "pulumi", { argv: ["refresh", "--yes"] }, operatorKey);
    expect(await operation(answer.body.data.operation_id)).toMatchObject({
      type: "stack.pulumi",
      slot: "changing",
      input: { argv: ["refresh", "--yes"] },
    });
  });

  it("going back to an earlier state is an operation that keeps the applied revision (R14)", async () => {
    const { id } = await server.deploy(key);
    const answer = await act(id, "state/restore", { version: 7 }, operatorKey);
    expect(await operation(answer.body.data.operation_id)).toMatchObject({
      type: "deployment.reconcile",
      slot: "changing",
      input: { revision: 1, state_version: 7 },
    });
    expect((await get(id)).revision.wanted).toBe(1);
    expect((await act(id, "state/restore", { version: 0 }, operatorKey)).status).toBe(400);
  });
});

describe("refusals: nothing is queued", () => {
  const operations = async (id: string) =>
    (await server.call("GET", `/api/v1/deployments/${id}/operations`, { key })).body.data.pagination.total;

  it.each([
    ["start", undefined, "Deployment is already running"],
    ["dag-syncs", undefined, "Deployment has no DAG repository. Set airflow.dags first"],
  ])("%s when there is nothing to do is 409", async (action, body, message) => {
    const { id } = await server.deploy(key);
    const answer = await act(id, action, body);
    expect([answer.status, answer.body.error.message]).toEqual([409, message]);
    expect(await operations(id)).toBe(1);
  });

  it.each([
    ["stop", "Deployment is already stopped"],
    ["restart", "Deployment is stopped. Start it instead"],
  ])("%s while stopped is 409", async (action, message) => {
    const { id } = await server.deploy(key);
    await finish(server.store, (await act(id, "stop")).body.data.operation_id);
    const answer = await act(id, action);
    expect([answer.status, answer.body.error.message]).toEqual([409, message]);
    expect(await operations(id)).toBe(2);
  });

  it.each(["start", "stop", "restart", "dag-syncs"])(
    "%s while the first deploy runs is 409 and names it",
    async (action) => {
      const { id, operationId } = await server.deploy(key, withDags, { ready: false });
      const answer = await act(id, action);
      expect([answer.status, answer.body.error.operation_id]).toEqual([409, operationId]);
    },
  );

  it.each([
    [{ replicas: { nonsense: 1 } }, "/replicas/nonsense"],
    [{ replicas: { web: 0 } }, "/replicas/web"],
    [{ replicas: { web: 99 } }, "/replicas/web"],
    [{ replicas: 3 }, "/replicas"],
    [{}, "/replicas"],
  ])("scale to %j is 400", async (body, pointer) => {
    const { id } = await server.deploy(key);
    const answer = await act(id, "scale", body);
    expect([answer.status, answer.body.error.fields[0].pointer]).toEqual([400, pointer]);
    expect(await operations(id)).toBe(1);
  });

  it("a pulumi command that only reads, or is none, is 400", async () => {
    const { id } = await server.deploy(key);
    for (const argv of [["preview"], ["stack", "ls"], ["--version"]]) {
      expect((await act(id, "pulumi", { argv }, operatorKey)).status).toBe(400);
    }
  });

  it("an action on a changed deployment with an old If-Match is 412", async () => {
    const { id } = await server.deploy(key);
    const etag = (await server.call("GET", `/api/v1/deployments/${id}`, { key })).headers.get("etag") ?? "";
    await server.call("PATCH", `/api/v1/deployments/${id}`, { key, body: { name: "x" } });
    const headers = { "If-Match": etag };
    expect((await server.call("POST", `/api/v1/deployments/${id}/stop`, { key, headers })).status).toBe(412);
    expect((await server.call("DELETE", `/api/v1/deployments/${id}`, { key, headers })).status).toBe(412);
  });
});

describe("test apps", () => {
  it("the bench app is accepted by test installations only", async () => {
    const lab = await startTestServer({ testApps: true });
    try {
      const { ownerKey } = await lab.addOrganization();
      const { id } = await lab.deploy(ownerKey, { app_type: "bench", version: "items", bench_resources: 10 });
      const { data } = (await lab.call("GET", `/api/v1/deployments/${id}`, { key: ownerKey })).body;
      expect(data).toMatchObject({ app_type: "bench", settings: { version: "items" } });
      const wrong = { app_type: "bench", version: "nonsense" };
      expect((await lab.call("POST", "/api/v1/deployments", { key: ownerKey, body: wrong })).status).toBe(400);
    } finally {
      await lab.close();
    }
  });
});

/** Giving up what is on a cluster that is gone: by whom, when, and what is written down (issue 5, TN-4, NH-01, R8). */
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { raiseFence } from "../../src/automation/operations/fence.ts";
import { readStateRow, writeStateRow } from "../../src/automation/recovery/state-rows.ts";
import { type Answer, startTestServer, type TestServer } from "../support/http.ts";
import { kubeconfig, newCluster, type StandInServer, standInServer } from "../support/kubernetes-access.ts";
import { begin, finish } from "../support/worker-hand.ts";

let server: TestServer;
let organizationId: string;
let key: string;
let operatorKey: string;
let developerKey: string;
/** Stands for an API server that answers as it is told to. */
let apiServer: StandInServer;
let answer: { status: number; uid?: string };

beforeAll(async () => {
  server = await startTestServer({ privateClusterHosts: ["127.0.0.1", "localhost"] });
  ({ organizationId, ownerKey: key } = await server.addOrganization());
  const keyOf = async (role: "viewer" | "developer", isOperator: boolean) => {
    const { userId } = await server.addUser({ organizationId, role, isOperator });
    return (await server.addKey({ organizationId, userId })).key;
  };
  operatorKey = await keyOf("viewer", true);
  developerKey = await keyOf("developer", false);
  apiServer = await standInServer((_request, response) => {
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(JSON.stringify({ metadata: { name: "kube-system", uid: answer.uid } }));
  });
});
afterAll(async () => {
  await server?.close();
  await apiServer?.close();
});

const call = (method: string, address: string, body?: object, who = key): Promise<Answer> =>
  server.call(method, `/api/v1/${address}`, { key: who, ...(body && { body }) });

/** A cluster with an environment; nothing listens at its address unless a server is named. */
async function place(name: string, wanted: Record<string, unknown> = {}) {
  const { body } = await call("POST", "clusters", newCluster({ name, ...wanted }), operatorKey);
  const environment = await call("POST", "environments", { name, cluster_id: body.data.id }, operatorKey);
  return { clusterId: body.data.id as string, environment_id: environment.body.data.id as string };
}

/** A deployment there, as its engine recorded it. */
async function deployed(environment_id: string, name: string): Promise<string> {
  const { id } = await server.deploy(key, { environment_id, name });
  const deployment = { deployment_id: id, organization_id: organizationId };
  const type = "kubernetes:apps/v1:Deployment";
  await server.store.asPlatform(async (db) => {
    const resources = [
      { ...deployment, type, urn: "urn:web", physical_id: "ov-1/web" },
      { ...deployment, type, urn: "urn:gone", physical_id: "ov-1/gone", deleted_at: new Date() },
    ];
    await db.insertInto("deployment_resources").values(resources).execute();
  });
  return id;
}

const abandon = (id: string, confirm_name: string, who = key) =>
  call("POST", `deployments/${id}/abandon`, { confirm_name }, who);
const audited = async (action: string) => {
  const { items } = (await call("GET", `audit?action=${action}`)).body.data;
  return items.map(({ target_id: target }: { target_id: string }) => target);
};

describe("a deployment whose cluster is gone", () => {
  it("is given up by its owner, who types its name: a tombstone with a list of what may be left (TN-4, NH-01)", async () => {
    const { clusterId, environment_id } = await place("gone");
    const id = await deployed(environment_id, "Lost");
    const fence = { stackName: id, operationId: "op_earlier", atLeast: 1 };
    const generation = await server.store.asPlatform((db) => raiseFence(db, fence));
    await writeStateRow(server.store, id, generation, { version: 3 });
    expect((await abandon(id, "Lost", developerKey)).status).toBe(403);
    const mistyped = await abandon(id, "lost");
    expect([mistyped.status, mistyped.body.error.fields[0].pointer]).toEqual([400, "/confirm_name"]);
    const given = await abandon(id, "Lost");
    expect([given.status, given.body.error]).toEqual([200, undefined]);
    const left = given.body.data.items.map((item: { physical_id: string }) => item.physical_id);
    expect(left).toEqual(["ov-1/web", expect.stringContaining(id), expect.stringMatching(/^database and roles ov_/)]);
    expect(given.body.data.summary).toEqual({ unknown: 3 });
    expect(given.body.data.items[0].detail).toContain("nothing listens there");
    expect((await call("GET", `deployments/${id}`)).body.data.status).toBe("destroyed");
    expect((await call("GET", `deployments/${id}/receipt`)).body.data).toEqual(given.body.data);
    expect(await readStateRow(server.store, id)).toBeUndefined();
    const leaks = (await call("GET", `clusters/${clusterId}/leaks`)).body.data;
    expect(leaks.pagination.total).toBe(1);
    expect(leaks.items[0]).toMatchObject({ deployment_id: id, deployment_name: "Lost", items: { length: 3 } });
    expect(await audited("deployment.abandon")).toContain(id);
    expect((await abandon(id, "Lost")).status).toBe(409);
  });

  it("is told as an operation that ended, and the same answer comes to the same request", async () => {
    const { environment_id } = await place("twice");
    const id = await deployed(environment_id, "Twice");
    const send = () =>
      server.call("POST", `/api/v1/deployments/${id}/abandon`, {
        key,
        body: { confirm_name: "Twice" },
        headers: { "Idempotency-Key": "once" },
      });
    const first = await send();
    expect((await send()).body).toEqual(first.body);
    const operation = (await call("GET", `operations/${first.body.data.operation_id}`)).body.data;
    expect(operation).toMatchObject({ type: "deployment.abandon", status: "succeeded" });
  });

  it("stays while an operation runs; what is queued is canceled", async () => {
    const { environment_id } = await place("busy");
    const id = await deployed(environment_id, "Busy");
    const { operation_id } = (await call("POST", `deployments/${id}/restart`)).body.data;
    await begin(server.store, operation_id);
    const refused = await abandon(id, "Busy");
    expect([refused.status, refused.body.error.operation_id]).toEqual([409, operation_id]);
    await finish(server.store, operation_id);
    const queued = (await call("DELETE", `deployments/${id}`)).body.data.operation_id;
    expect((await abandon(id, "Busy")).status).toBe(200);
    expect((await call("GET", `operations/${queued}`)).body.data.status).toBe("canceled");
  });

  it("is not given up while the cluster answers, however it answers; another cluster at its address is none", async () => {
    const { clusterId, environment_id } = await place("answers", {
      kubeconfig: kubeconfig({ server: apiServer.server }),
    });
    const id = await deployed(environment_id, "There");
    for (const status of [200, 401, 403, 503]) {
      answer = { status, uid: "one" };
      const refused = await abandon(id, "There");
      expect([refused.status, refused.body.error.message]).toEqual([409, expect.stringMatching(/is not gone/)]);
    }
    expect((await call("GET", `deployments/${id}`)).body.data.status).toBe("ready");
    await server.store.asPlatform((db) =>
      db.updateTable("clusters").set({ identity: "one" }).where("id", "=", clusterId).execute(),
    );
    answer = { status: 200, uid: "two" };
    const given = await abandon(id, "There");
    expect(given.body.data.items[0].detail).toBe("Another cluster answers at its address.");
  });

  it("is none that runs on a machine of the platform", async () => {
    const { id } = await server.deploy(key, { name: "Here" });
    expect((await abandon(id, "Here")).status).toBe(409);
  });
});

describe("a cluster that is gone", () => {
  it("is given up with every deployment on it, whoever's; its secrets are forgotten, nothing is deployed there (R8)", async () => {
    const { clusterId, environment_id } = await place("shared and gone", { shared: true });
    const ids = [await deployed(environment_id, "One"), await deployed(environment_id, "Two")];
    const give = (confirm_name: string, who: string) =>
      call("POST", `clusters/${clusterId}/abandon`, { confirm_name }, who);
    expect((await give("shared and gone", key)).status).toBe(403);
    expect((await give("another", operatorKey)).status).toBe(400);
    const given = await give("shared and gone", operatorKey);
    expect([given.status, given.body.data?.state]).toEqual([200, "abandoned"]);
    for (const id of ids) expect((await call("GET", `deployments/${id}`)).body.data.status).toBe("destroyed");
    const { rows } = await server.store.asPlatform((db) =>
      sql`SELECT access, database_url FROM clusters WHERE id = ${clusterId}
        UNION ALL SELECT NULL, database_url FROM environments WHERE cluster_id = ${clusterId}`.execute(db),
    );
    expect(rows).toEqual([
      { access: null, database_url: null },
      { access: null, database_url: null },
    ]);
    const leaks = async (who: string) =>
      (await call("GET", `clusters/${clusterId}/leaks`, undefined, who)).body.data.items.length;
    const stranger = (await server.addOrganization()).ownerKey;
    expect([await leaks(key), await leaks(operatorKey), await leaks(stranger)]).toEqual([2, 2, 0]);
    expect(await audited("deployment.abandon")).toEqual(expect.arrayContaining(ids));
    const late = await call("POST", "deployments", { app_type: "superset", environment_id });
    expect([late.status, late.body.error.message]).toEqual([409, expect.stringMatching(/abandoned/)]);
    expect((await give("shared and gone", operatorKey)).status).toBe(409);
  });

  it("stays whole while an operation runs on one of its deployments", async () => {
    const { clusterId, environment_id } = await place("half");
    const id = await deployed(environment_id, "Quiet");
    const { operationId } = await server.deploy(key, { environment_id, name: "Running" }, { ready: false });
    await begin(server.store, operationId);
    const refused = await call("POST", `clusters/${clusterId}/abandon`, { confirm_name: "half" });
    expect([refused.status, refused.body.error.operation_id]).toEqual([409, operationId]);
    expect((await call("GET", `deployments/${id}`)).body.data.status).toBe("ready");
    expect((await call("GET", `clusters/${clusterId}`)).body.data.state).toBe("active");
  });
});

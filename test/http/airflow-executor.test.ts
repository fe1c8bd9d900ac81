/** Where an Airflow runs its tasks, asked for by API: taken where the cluster can do it, refused by name where it cannot (issue 5). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/http.ts";
import { newCluster } from "../support/kubernetes-access.ts";
import { finish } from "../support/worker-hand.ts";

let server: TestServer;
let key: string;
/** On a Kubernetes cluster. */
let environment_id: string;

beforeAll(async () => {
  server = await startTestServer({ privateClusterHosts: ["127.0.0.1"] });
  const { organizationId, ownerKey } = await server.addOrganization();
  key = ownerKey;
  const { userId } = await server.addUser({ organizationId, role: "viewer", isOperator: true });
  const operator = (await server.addKey({ organizationId, userId })).key;
  const made = await server.call("POST", "/api/v1/clusters", { key, body: newCluster({ name: "pods" }) });
  const body = { name: "Pods", cluster_id: made.body.data.id };
  environment_id = (await server.call("POST", "/api/v1/environments", { key: operator, body })).body.data.id;
});
afterAll(() => server.close());

const create = (body: object) =>
  server.call("POST", "/api/v1/deployments", { key, body: { app_type: "airflow", ...body } });
const change = (method: string, address: string, body: object) =>
  server.call(method, `/api/v1/deployments/${address}`, { key, body });
const settings = async (id: string) =>
  (await server.call("GET", `/api/v1/deployments/${id}`, { key })).body.data.settings;
const faultsOf = (answer: { status: number; body: { error?: { code: string; fields?: { pointer: string }[] } } }) => [
  answer.status,
  answer.body.error?.code,
  answer.body.error?.fields?.map(({ pointer }) => pointer),
];
const count = () =>
  server.store.asPlatform((db) =>
    db
      .selectFrom("deployments")
      .select(({ fn }) => fn.countAll<string>().as("n"))
      .executeTakeFirstOrThrow(),
  );
const ready = async (body: object): Promise<string> => {
  const { deployment_id, operation_id } = (await create(body)).body.data;
  await finish(server.store, operation_id);
  return deployment_id;
};

describe("the executor of a new Airflow", () => {
  it.each(["kubernetes", "celery"])(
    "'%s' is refused on this machine, naming the field, and nothing is made (ON-06)",
    async (executor) => {
      const before = await count();
      const answer = await create({ airflow: { executor } });
      expect(faultsOf(answer)).toEqual([400, "VALIDATION_ERROR", ["/airflow/executor"]]);
      expect(answer.body.error.message).toContain("needs a Kubernetes cluster");
      expect(await count()).toEqual(before);
    },
  );

  it.each(["local", "kubernetes", "celery"])(
    "'%s' is taken on a Kubernetes cluster, and shown (ON-06)",
    async (executor) => {
      const answer = await create({ environment_id, airflow: { executor } });
      expect([answer.status, answer.body.error]).toEqual([202, undefined]);
      expect((await settings(answer.body.data.deployment_id)).airflow.executor).toBe(executor);
    },
  );

  it("is local where nobody says anything, and no other word is known (ON-06)", async () => {
    const answer = await create({});
    expect((await settings(answer.body.data.deployment_id)).airflow.executor).toBe("local");
    expect(faultsOf(await create({ airflow: { executor: "dask" } }))).toEqual([
      400,
      "VALIDATION_ERROR",
      ["/airflow/executor"],
    ]);
  });

  it("is Airflow's alone (ON-06)", async () => {
    const answer = await server.call("POST", "/api/v1/deployments", {
      key,
      body: { app_type: "superset", environment_id, airflow: { executor: "celery" } },
    });
    expect(faultsOf(answer)).toEqual([400, "VALIDATION_ERROR", ["/airflow"]]);
  });
});

describe("the executor of an Airflow that is there", () => {
  it("changes by an update, on a cluster that can do it; the same again changes nothing (ON-17)", async () => {
    const id = await ready({ environment_id });
    const changed = await change("PATCH", id, { airflow: { executor: "kubernetes" } });
    expect(changed.status).toBe(202);
    await finish(server.store, changed.body.data.operation_id);
    expect((await settings(id)).airflow.executor).toBe("kubernetes");
    expect((await change("PATCH", id, { airflow: { executor: "kubernetes" } })).status).toBe(200);
  });

  it("is refused by update and plan on this machine, naming the field (ON-06)", async () => {
    const id = await ready({});
    const changes = { airflow: { executor: "celery" } };
    const refused = [400, "VALIDATION_ERROR", ["/airflow/executor"]];
    expect(faultsOf(await change("PATCH", id, changes))).toEqual(refused);
    expect(faultsOf(await change("POST", `${id}/plan`, { changes }))).toEqual(refused);
  });

  it("decides what can be scaled: workers are Celery's alone (ON-24)", async () => {
    const celery = await ready({ environment_id, airflow: { executor: "celery" }, replicas: { worker: 2 } });
    expect((await change("POST", `${celery}/scale`, { replicas: { worker: 4 } })).status).toBe(202);
    const local = await ready({ environment_id });
    expect(faultsOf(await change("POST", `${local}/scale`, { replicas: { worker: 4 } }))).toEqual([
      400,
      "VALIDATION_ERROR",
      ["/replicas/worker"],
    ]);
  });
});

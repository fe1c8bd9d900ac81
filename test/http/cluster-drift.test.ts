/** Whose drift a worker looks for on Kubernetes clusters, and what it must never take for drift (P8, ON-45). */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type SweptPlace, sweepDrift } from "../../src/automation/drift/drift-sweep.ts";
import { sweepPlacesDue } from "../../src/automation/drift/swept-places.ts";
import type { Inventory, SoughtDeployment, TargetDriver } from "../../src/automation/worker/target-driver.ts";
import { startTestServer, type TestServer } from "../support/http.ts";
import { newCluster } from "../support/kubernetes-access.ts";
import { finish } from "../support/worker-hand.ts";

const SERVICE = "kubernetes:core/v1:Service";

let server: TestServer;
let organizationId: string;
let key: string;

beforeAll(async () => {
  server = await startTestServer({ privateClusterHosts: ["127.0.0.1"] });
  ({ organizationId } = await server.addOrganization());
  const { userId } = await server.addUser({ organizationId, role: "owner", isOperator: true });
  ({ key } = await server.addKey({ organizationId, userId }));
});
afterAll(() => server.close());

/** A cluster with a deployment that is ready and has one recorded Service. */
async function clusterWithOne(name: string): Promise<{ clusterId: string; deploymentId: string }> {
  const post = async (path: string, body: object) => (await server.call("POST", path, { key, body })).body.data;
  const { id: clusterId } = await post("/api/v1/clusters", newCluster({ name }));
  const { id: environment_id } = await post("/api/v1/environments", { name, cluster_id: clusterId });
  const made = await post("/api/v1/deployments", { app_type: "superset", name, environment_id });
  await finish(server.store, made.operation_id);
  const deploymentId: string = made.deployment_id;
  const about = { deployment_id: deploymentId, organization_id: organizationId, urn: "urn:service" };
  await server.store.asPlatform((db) =>
    db
      .insertInto("deployment_resources")
      .values({ ...about, type: SERVICE, physical_id: "ov-1/web" })
      .execute(),
  );
  return { clusterId, deploymentId };
}

const holding = (there: boolean): Inventory => ({ holds: (_id, { type }) => (type === SERVICE ? there : undefined) });
const driverOf = (takeInventory: (sought: readonly SoughtDeployment[]) => Promise<Inventory>): TargetDriver =>
  ({ takeInventory }) as Partial<TargetDriver> as TargetDriver;
const sweep = (clusterId: string, driver: TargetDriver) => {
  const place: SweptPlace = { kind: "kubernetes", clusterId };
  return sweepDrift({ store: server.store, dataKeys: server.deps.dataKeys, place, driver });
};
const reconciles = (deploymentId: string) =>
  server.store.asPlatform((db) =>
    db
      .selectFrom("operations")
      .select(["id", "capability", "input"])
      .where("resource_id", "=", deploymentId)
      .where("type", "=", "deployment.reconcile")
      .execute(),
  );

it("a sweep of a cluster seeks that cluster's deployments, and queues what differs for workers of Kubernetes", async () => {
  const [{ clusterId, deploymentId }] = [await clusterWithOne("swept"), await clusterWithOne("beside")];
  const sought: string[] = [];
  const seeing = (there: boolean) =>
    driverOf(async (deployments) => {
      sought.push(...deployments.map((one) => one.deploymentId));
      return holding(there);
    });
  expect(await sweep(clusterId, seeing(true))).toEqual({ looked: 1, differing: [], queued: [] });
  expect(await sweep(clusterId, seeing(false))).toMatchObject({ differing: [deploymentId], queued: [deploymentId] });
  expect(sought).toEqual([deploymentId, deploymentId]);
  const [queued] = await reconciles(deploymentId);
  expect(queued).toMatchObject({
    capability: "kubernetes",
    input: { differences: [`${SERVICE} ov-1/web is not there, or does not carry its mark`] },
  });
});

it("an operation that came and went while the cluster was looked at is nobody's drift", async () => {
  const { clusterId, deploymentId } = await clusterWithOne("changing");
  const driver = driverOf(async () => {
    const stopped = await server.call("POST", `/api/v1/deployments/${deploymentId}/stop`, { key });
    await finish(server.store, stopped.body.data.operation_id);
    return holding(false);
  });
  expect(await sweep(clusterId, driver)).toEqual({ looked: 1, differing: [deploymentId], queued: [] });
  expect(await reconciles(deploymentId)).toEqual([]);
});

it("a cluster that does not answer is told of once a sweep, has nothing queued, and keeps no other from its own", async () => {
  const [away, well] = [await clusterWithOne("away"), await clusterWithOne("well")];
  const driver = driverOf(async (sought) => {
    if (sought.some(({ deploymentId }) => deploymentId === away.deploymentId)) throw new Error("nothing listens there");
    return holding(false);
  });
  const said: [Record<string, unknown>, string][] = [];
  const log = { warn: (...line: [Record<string, unknown>, string]) => void said.push(line) };
  const { store } = server;
  await sweepPlacesDue({ store, dataKeys: server.deps.dataKeys, node: "n", drivers: { kubernetes: driver }, log }, 0);
  const about = (clusterId: string) => said.filter(([fields]) => fields.clusterId === clusterId);
  expect(about(away.clusterId)).toMatchObject([
    [{ error: "Error: nothing listens there" }, "Deployments could not be compared with what was recorded of them"],
  ]);
  expect(about(well.clusterId)).toMatchObject([[{ queued: [well.deploymentId] }, expect.any(String)]]);
  expect(await reconciles(away.deploymentId)).toEqual([]);
  expect(await reconciles(well.deploymentId)).toHaveLength(1);
});

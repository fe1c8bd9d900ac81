/** Figures over time of deployments on a Kubernetes cluster: from the cluster's lists into the database, out by the same route. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { clusterFigures } from "../../src/automation/metrics/cluster-figures.ts";
import { createSampler, type Sampler } from "../../src/automation/metrics/sampler.ts";
import { DEPLOYMENT_LABEL, namespaceName } from "../../src/domain/kubernetes-names.ts";
import type { RawCall } from "../../src/kubernetes/client.ts";
import { populatedClusters } from "../../src/store/populated-clusters.ts";
import { startTestServer, type TestServer } from "../support/http.ts";
import { newCluster } from "../support/kubernetes-access.ts";

let server: TestServer;
let key: string;
let clusterId: string;
let environmentId: string;
/** On the cluster; and of another organization, on this machine. */
let inPods: string;
let elsewhere: string;
const warned: string[] = [];

beforeAll(async () => {
  server = await startTestServer({ privateClusterHosts: ["127.0.0.1"] });
  const { organizationId } = await server.addOrganization();
  const { userId } = await server.addUser({ organizationId, role: "owner", isOperator: true });
  ({ key } = await server.addKey({ organizationId, userId }));
  const cluster = await server.call("POST", "/api/v1/clusters", { key, body: newCluster({ name: "pods" }) });
  clusterId = cluster.body.data.id;
  const environment = { name: "Pods", cluster_id: clusterId };
  environmentId = (await server.call("POST", "/api/v1/environments", { key, body: environment })).body.data.id;
  const wanted = { app_type: "superset", name: "In pods", environment_id: environmentId };
  inPods = (await server.call("POST", "/api/v1/deployments", { key, body: wanted })).body.data.deployment_id;
  ({ id: elsewhere } = await server.deploy((await server.addOrganization()).ownerKey));
});
afterAll(() => server.close());

const podsPath = `/api/v1/pods?labelSelector=${DEPLOYMENT_LABEL}`;
const usagePath = `/apis/metrics.k8s.io/v1beta1/pods?labelSelector=${encodeURIComponent(DEPLOYMENT_LABEL)}`;

/** A cluster with one pod of each deployment, both labelled, as only one of them may be. */
function cluster(calls: string[]) {
  const names = [inPods, elsewhere].map(namespaceName);
  const metadata = (namespace: string) => ({
    name: "web-1",
    namespace,
    labels: { "app.kubernetes.io/component": "web" },
    ownerReferences: [{ kind: "ReplicaSet", name: "web", uid: "set" }],
  });
  const items = {
    pods: names.map((name) => ({ metadata: metadata(name), status: { phase: "Running" } })),
    usage: names.map((name) => ({
      metadata: metadata(name),
      containers: [{ usage: { cpu: "500m", memory: "300Mi" } }],
    })),
  };
  return {
    async raw(_doing: string, { path }: RawCall): Promise<unknown> {
      calls.push(path.replace(/&limit=\d+$/, ""));
      return { metadata: {}, items: path.startsWith("/apis/") ? items.usage : items.pods };
    },
  };
}

function worker(clock: () => number): { sampler: Sampler; calls: string[] } {
  const calls: string[] = [];
  const source = clusterFigures({ store: server.store, clusterId, open: async () => cluster(calls), now: clock });
  const log = { warn: (fields: object, message: string) => void warned.push(`${message} ${JSON.stringify(fields)}`) };
  return { calls, sampler: createSampler({ store: server.store, source, log, now: clock }) };
}

const history = (id: string, who: string, query: string) =>
  server.call("GET", `/api/v1/deployments/${id}/metrics/history${query}`, { key: who });

it("is asked of clusters that carry deployments and can be asked (P8)", async () => {
  const found = await server.store.asPlatform(populatedClusters);
  expect(found).toEqual([{ id: clusterId, name: "pods", environmentId }]);
});

it("is kept each 15 s by one worker of several, with one list of figures each time and one of pods a minute, for this cluster's deployments only (P8, R9)", async () => {
  const begin = Math.floor(Date.now() / 600_000) * 600_000 - 1_200_000;
  let now = begin - 15_000;
  const workers = [worker(() => now), worker(() => now + 4000)];
  for (let n = -1; n < 20; n++) {
    for (const { sampler } of workers) await sampler.sample();
    now += 15_000;
  }
  expect(warned).toEqual([]);
  const calls = workers.flatMap((one) => one.calls);
  expect(new Set(calls)).toEqual(new Set([podsPath, usagePath]));
  expect(calls.filter((path) => path === usagePath)).toHaveLength(20);
  expect(calls.filter((path) => path === podsPath)).toHaveLength(5);

  const span = `?from=${new Date(begin).toISOString()}&to=${new Date(begin + 300_000).toISOString()}&resolution=15s`;
  const { status, body } = await history(inPods, key, span);
  expect(status).toBe(200);
  const about = { process: "web", replica: 0 };
  expect(body.data.series).toEqual([
    { metric: "cpu_percent", unit: "percent", ...about, values: new Array(20).fill(50) },
    { metric: "memory_bytes", unit: "bytes", ...about, values: new Array(20).fill(300 * 2 ** 20) },
    { metric: "restarts", unit: "count", ...about, values: new Array(20).fill(0) },
  ]);
  const blocks = await server.store.asPlatform((db) =>
    db.selectFrom("metric_blocks").select("deployment_id").execute(),
  );
  expect(new Set(blocks.map((block) => block.deployment_id))).toEqual(new Set([inPods]));
});

it("goes on with another worker where the first one stops, and lists the pods again when one is measured that is new", async () => {
  const begin = Date.now() + 3_600_000;
  let now = begin;
  const [first, second] = [worker(() => now), worker(() => now)];
  await first.sampler.sample();
  now += 15_000;
  await second.sampler.sample();
  expect([first.calls, second.calls]).toEqual([
    [usagePath, podsPath],
    [usagePath, podsPath],
  ]);
});

it("fails as a whole, and keeps nothing, where the cluster does not answer", async () => {
  const failing = { raw: () => Promise.reject(new Error("nothing listens there")) };
  const now = () => Date.now() + 7_200_000;
  const source = clusterFigures({ store: server.store, clusterId, open: async () => failing, now });
  const sampler = createSampler({ store: server.store, source, log: { warn: () => undefined }, now });
  await expect(sampler.sample()).rejects.toThrow("nothing listens there");
});

/** The whole way on a real cluster: asked by API, taken by a worker, made by the engine, waited for by watches, reached by browsers. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type SweptPlace, sweepDrift } from "../../src/automation/drift/drift-sweep.ts";
import { namespaceName } from "../../src/domain/kubernetes-names.ts";
import { databaseName } from "../../src/domain/names.ts";
import { createKubernetesTarget } from "../../src/main/kubernetes-target.ts";
import { populatedClusters } from "../../src/store/populated-clusters.ts";
import { ensureAppImage } from "../support/cluster/app-image.ts";
import { type ClusterPlane, startClusterPlane } from "../support/cluster/cluster-plane.ts";
import { type DeployedInPods, deployedInPods } from "../support/cluster/deployed-in-pods.ts";
import { installManifestAccount, type ManifestAccount } from "../support/cluster/manifest-account.ts";
import type { RunningCluster } from "../support/cluster/running-cluster.ts";
import { testCluster } from "../support/cluster/test-cluster.ts";
import { expectDestroyed } from "../support/conformance/subject.ts";
import { conformingSuperset } from "../support/conformance/superset.ts";
import { until } from "../support/until.ts";

// Importing an image and migrating an empty database take minutes of CPU on a busy machine.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 });

let cluster: RunningCluster;
let account: ManifestAccount;
let onvera: ClusterPlane;
let pods: DeployedInPods;
let environmentId: string;
let id: string;

beforeAll(async () => {
  cluster = await testCluster();
  await ensureAppImage(cluster.place, "superset/6.1.0", console.log);
  account = await installManifestAccount(cluster, "onvera-control-plane-test");
  onvera = await startClusterPlane(cluster, { reconcileSeconds: 3, keepsFigures: true });
  pods = deployedInPods(cluster, onvera);
  environmentId = await pods.environment(account.kubeconfig);
});

afterAll(async () => {
  await pods?.abandon(id);
  await onvera?.stop();
  await account?.remove();
});

interface FigureSeries {
  metric: string;
  process: string | null;
  values: (number | null)[];
}

const kubectl = (...args: string[]) => pods.kubectl(id, ...args);

/** Those that run and were not told to end. */
async function running(): Promise<string[]> {
  const listed = await kubectl("get", "pods", "--field-selector", "status.phase=Running", "-o", "json");
  const found: { metadata: { name: string; deletionTimestamp?: string } }[] = JSON.parse(listed).items;
  const staying = found.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return staying.map(({ metadata }) => `pod/${metadata.name}`);
}

test("a Superset asked for by API in an environment of the cluster is ready when it answers at its address, over https (QV-03, QV-10, ON-05, ON-35, ON-44)", async () => {
  const wanted = { app_type: "superset", name: "Pods", environment_id: environmentId };
  const made = await onvera.call("POST", "/deployments", wanted);
  id = made.deployment_id;
  await pods.succeeds(made);
  expect((await (await pods.browser(id)).ask("/health")).status).toBe(200);
  expect(await onvera.database.holds(id)).toContain(databaseName(id));
});

conformingSuperset(() => ({
  id,
  request: onvera.request,
  browser: () => pods.browser(id),
  running,
  kill: async (pod) => void (await kubectl("delete", pod, "--grace-period=0", "--force")),
  databaseUrl: async () => {
    const { data } = JSON.parse(await kubectl("get", "secret", "app-secrets", "-o", "json"));
    return Buffer.from(data.database_url, "base64").toString("utf8");
  },
}));

test("its figures over time are kept while it runs, and shown by the same route as on this machine (P8, ON-15)", async () => {
  const history = async () => (await onvera.call("GET", `/deployments/${id}/metrics/history?resolution=15s`)).series;
  const ofWeb = async (metric: string): Promise<number[]> => {
    const series: FigureSeries[] = await history();
    const values = series.filter((one) => one.metric === metric && one.process === "web").flatMap((one) => one.values);
    return values.filter((value) => value !== null);
  };
  await until(async () => (await ofWeb("memory_bytes")).length > 1, "its memory was kept more than once", 90);
  expect(Math.max(...(await ofWeb("memory_bytes")))).toBeGreaterThan(50 * 2 ** 20);
  expect(Math.max(...(await ofWeb("cpu_percent")))).toBeGreaterThan(0);
});

/** One comparison by hand, beside the worker's own. */
async function sweep() {
  const { store, dataKeys } = onvera.plane.workerDeps();
  const driver = createKubernetesTarget({ store, dataKeys });
  const [found] = await store.asPlatform(populatedClusters);
  const place: SweptPlace = { kind: "kubernetes", clusterId: found?.id ?? "" };
  return sweepDrift({ store, dataKeys, place, driver });
}

/** What comparisons have queued. */
const reconciles = async (): Promise<{ id: string }[]> => {
  const { items } = await onvera.call("GET", `/operations?resource_id=${id}&type=deployment.reconcile`);
  return items;
};

test("comparing it every 3 s, from its making on through update, scaling, restart, rotation, stop and start, found nothing to mend (P8, ON-45)", async () => {
  expect(await sweep()).toEqual({ looked: 1, differing: [], queued: [] });
  expect(await reconciles()).toEqual([]);
});

test("a Service that was deleted by hand is found missing and brought back by itself, and then nothing more is found (P8, ON-45)", async () => {
  await kubectl("delete", "service", "web");
  await until(async () => (await reconciles()).length === 1, "the comparison has found it missing", 60);
  const [operation] = await reconciles();
  await pods.succeeds({ operation_id: operation?.id ?? "" });
  expect(await kubectl("get", "service", "web", "-o", "name")).toContain("service/web");
  expect((await (await pods.browser(id)).ask("/health")).status).toBe(200);
  expect(await sweep()).toEqual({ looked: 1, differing: [], queued: [] });
  expect(await reconciles()).toHaveLength(1);
});

test("a destroy leaves nothing in the cluster and nothing on its database server, and its receipt says so (ON-46, NH-01)", async () => {
  await pods.succeeds(await onvera.call("DELETE", `/deployments/${id}`));
  await expectDestroyed(onvera, id);
  expect(await cluster.kubectl(["get", "namespace", namespaceName(id), "--ignore-not-found"])).toBe("");
  expect(await onvera.database.holds(id)).toEqual([]);
});

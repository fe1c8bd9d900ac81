/** The whole way on a real cluster: asked by API, taken by a worker, made by the engine, waited for by watches, reached by browsers. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { namespaceName } from "../../src/domain/kubernetes-names.ts";
import { databaseName } from "../../src/domain/names.ts";
import { ensureAppImage } from "../support/cluster/app-image.ts";
import { type ClusterPlane, startClusterPlane } from "../support/cluster/cluster-plane.ts";
import { type DeployedInPods, deployedInPods } from "../support/cluster/deployed-in-pods.ts";
import { installManifestAccount, type ManifestAccount } from "../support/cluster/manifest-account.ts";
import type { RunningCluster } from "../support/cluster/running-cluster.ts";
import { testCluster } from "../support/cluster/test-cluster.ts";
import { expectDestroyed } from "../support/conformance/subject.ts";
import { conformingSuperset } from "../support/conformance/superset.ts";

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
  onvera = await startClusterPlane(cluster);
  pods = deployedInPods(cluster, onvera);
  environmentId = await pods.environment(account.kubeconfig);
});

afterAll(async () => {
  await pods?.abandon(id);
  await onvera?.stop();
  await account?.remove();
});

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

test("a destroy leaves nothing in the cluster and nothing on its database server, and its receipt says so (ON-46, NH-01)", async () => {
  await pods.succeeds(await onvera.call("DELETE", `/deployments/${id}`));
  await expectDestroyed(onvera, id);
  expect(await cluster.kubectl(["get", "namespace", namespaceName(id), "--ignore-not-found"])).toBe("");
  expect(await onvera.database.holds(id)).toEqual([]);
});

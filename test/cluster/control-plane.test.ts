/** The whole way on a real cluster: asked by API, taken by a worker, made by the engine, waited for by watches, reached by browsers. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { namespaceName } from "../../src/domain/kubernetes-names.ts";
import { databaseName } from "../../src/domain/names.ts";
import { ensureAppImage } from "../support/cluster/app-image.ts";
import { type ClusterPlane, startClusterPlane } from "../support/cluster/cluster-plane.ts";
import { ingressClassName, ingressNamespace } from "../support/cluster/ingress-manifests.ts";
import { installManifestAccount, type ManifestAccount } from "../support/cluster/manifest-account.ts";
import type { RunningCluster } from "../support/cluster/running-cluster.ts";
import { testCluster } from "../support/cluster/test-cluster.ts";
import { openSupersetApi } from "../support/superset-client.ts";
import { openSession } from "../support/web-session.ts";

// Importing an image and migrating an empty database take minutes of CPU on a busy machine.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 });

const OPERATION_SECONDS = 600;

let cluster: RunningCluster;
let account: ManifestAccount;
let onvera: ClusterPlane;
let environmentId: string;
let deploymentId: string;

beforeAll(async () => {
  cluster = await testCluster();
  await ensureAppImage(cluster.place, "superset/6.1.0", console.log);
  account = await installManifestAccount(cluster, "onvera-control-plane-test");
  onvera = await startClusterPlane(cluster);
  const { id: cluster_id } = await onvera.call("POST", "/clusters", {
    name: "rig",
    domain: "apps.example.com",
    kubeconfig: account.kubeconfig,
    database_url: onvera.database.url,
    database_address: onvera.database.address,
    ingress_class: ingressClassName,
    ingress_namespace: ingressNamespace,
    ingress_address: ingress(),
  });
  const wanted = { name: "Rig", cluster_id, isolation_level: "shared" };
  ({ id: environmentId } = await onvera.call("POST", "/environments", wanted));
});

afterAll(async () => {
  if (deploymentId !== undefined) {
    await cluster.kubectl(["delete", "namespace", namespaceName(deploymentId), "--ignore-not-found", "--wait=false"]);
  }
  await onvera?.stop();
  await account?.remove();
});

const ingress = () => ({ host: cluster.place.ingressAddress, port: 443 });
const post = (action: string, body?: object) => onvera.call("POST", `/deployments/${deploymentId}/${action}`, body);

/** Waits for an accepted operation to succeed. @returns its result */
async function succeeds(accepted: { operation_id: string }): Promise<unknown> {
  const { type, status, error, result } = await onvera.plane.ended(accepted.operation_id, OPERATION_SECONDS);
  expect([type, status, error]).toEqual([type, "succeeded", null]);
  return result;
}

/** Names of the deployment's pods in a phase. */
const pods = (phase: string) => {
  const namespace = ["--namespace", namespaceName(deploymentId)];
  return cluster.kubectl([...namespace, "get", "pods", "--field-selector", `status.phase=${phase}`, "-o", "name"]);
};

/** Through the ingress controller, at the address the API tells. */
async function browser() {
  const { url } = await onvera.call("GET", `/deployments/${deploymentId}`);
  return openSession(url, undefined, ingress());
}

/** As the administrator whose password the API tells. */
async function superset() {
  const { username, password } = await onvera.call("GET", `/deployments/${deploymentId}/credentials`);
  return openSupersetApi(await browser(), username, password);
}

test("a Superset asked for by API in an environment of the cluster is ready when it answers at its address, over https (QV-03, QV-10, ON-05, ON-35, ON-44)", async () => {
  const wanted = { app_type: "superset", name: "Pods", environment_id: environmentId };
  const made = await onvera.call("POST", "/deployments", wanted);
  deploymentId = made.deployment_id;
  await succeeds(made);
  expect((await (await browser()).ask("/health")).status).toBe(200);
  await (await superset()).createDashboard("Kept");
  expect(await onvera.database.holds(deploymentId)).toContain(databaseName(deploymentId));
});

test("a plan finds nothing to change in what just came up", async () => {
  const { summary } = (await succeeds(await post("plan", {}))) as { summary: object };
  expect(Object.keys(summary)).toEqual(["same"]);
});

test("an update that cannot start says why, and leaves the pods serving that were there (TN-3)", async () => {
  const before = await pods("Running");
  const changes = { superset: { config: { CACHE_CONFIG: { CACHE_TYPE: "NoSuchCache" } } } };
  const { operation_id } = await onvera.call("PATCH", `/deployments/${deploymentId}`, changes);
  const { status, error } = await onvera.plane.ended(operation_id, OPERATION_SECONDS);
  expect(status).toBe("failed");
  expect(error?.last_log_lines?.join("\n")).toContain("NoSuchCache");
  expect(await onvera.call("GET", `/deployments/${deploymentId}`)).toMatchObject({
    status: "ready",
    conditions: [{ type: "update_failed" }],
  });
  expect(await pods("Running")).toBe(before);
  expect((await (await browser()).ask("/health")).status).toBe(200);
});

test("it stops, and starts again with what was in it", async () => {
  await succeeds(await post("stop"));
  expect(await pods("Running")).toBe("");
  expect((await (await browser()).ask("/health")).status).toBeGreaterThanOrEqual(400);
  await succeeds(await post("start"));
  expect(await (await superset()).dashboardTitles()).toEqual(["Kept"]);
});

test("a destroy leaves nothing in the cluster and nothing on its database server, and its receipt says so (ON-46, NH-01)", async () => {
  await succeeds(await onvera.call("DELETE", `/deployments/${deploymentId}`));
  const { items } = await onvera.call("GET", `/deployments/${deploymentId}/receipt`);
  expect(items.length).toBeGreaterThan(10);
  expect(items.filter(({ found }: { found: string }) => found !== "absent")).toEqual([]);
  expect(await cluster.kubectl(["get", "namespace", namespaceName(deploymentId), "--ignore-not-found"])).toBe("");
  expect(await onvera.database.holds(deploymentId)).toEqual([]);
});

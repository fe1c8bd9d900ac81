/** What becomes of operations when the cluster itself fails: its API server, its node, a namespace that does not go. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type ClusterWaits, usualWaits } from "../../src/automation/targets/kubernetes/waits.ts";
import { namespaceName } from "../../src/domain/kubernetes-names.ts";
import { type ClusterPlane, startClusterPlane } from "../support/cluster/cluster-plane.ts";
import { type DeployedInPods, deployedInPods } from "../support/cluster/deployed-in-pods.ts";
import { installManifestAccount, type ManifestAccount } from "../support/cluster/manifest-account.ts";
import type { RunningCluster } from "../support/cluster/running-cluster.ts";
import { testCluster } from "../support/cluster/test-cluster.ts";
import { ensureTinyApp, goFile, waitForGo } from "../support/cluster/tiny-app.ts";
import { expectDestroyed } from "../support/conformance/subject.ts";
import { until } from "../support/until.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

/** The fault's own length. */
const AWAY_MILLISECONDS = 20_000;
/** Of waits that a test is to see end. */
const SHORT_SECONDS = 1;
const FINALIZER = "onvera.test/held";

let cluster: RunningCluster;
let account: ManifestAccount;
let onvera: ClusterPlane;
let pods: DeployedInPods;
let id: string;
/** As in production, until a test is about what comes after the wait. */
const waits: ClusterWaits = { ...usualWaits };

beforeAll(async () => {
  cluster = await testCluster();
  account = await installManifestAccount(cluster, "onvera-failures-test");
  onvera = await startClusterPlane(cluster, { waits });
  pods = deployedInPods(cluster, onvera);
});

/** The next test, and the next file, begin with a whole cluster. */
afterEach(async () => {
  await cluster.program("kube-apiserver").start();
  await cluster.program("kubelet").start();
});

afterAll(async () => {
  await pods?.abandon(id);
  await onvera?.stop();
  await account?.remove();
});

const kubectl = (...args: string[]) => pods.kubectl(id, ...args);
const ask = (path: string) => onvera.request("GET", `/deployments/${id}${path}`);
const replica = async () => (await onvera.call("GET", `/deployments/${id}/health`)).processes[0].replicas[0];

/** The pod of a part that holds it until it is let go. */
async function untilHeld(part: "bootstrap" | "web"): Promise<() => Promise<void>> {
  const selector = ["-l", `app.kubernetes.io/component=${part}`, "--field-selector", "status.phase=Running"];
  let pod = "";
  const isRunning = async () => {
    pod = (await kubectl("get", "pods", ...selector, "-o", "name")).trim();
    return pod !== "";
  };
  await until(isRunning, `the pod of ${part} runs`, 120);
  return async () => void (await kubectl("exec", pod, "--", "touch", goFile(part)));
}

/** Everything of the deployment but pods and what the cluster makes for them, as kind, name and the cluster's own id. */
async function objects(): Promise<string[]> {
  const kinds = "deployments,jobs,services,secrets,persistentvolumeclaims,networkpolicies,ingresses,serviceaccounts";
  const { items } = JSON.parse(await kubectl("get", kinds, "-o", "json"));
  return items.map((one: { kind: string; metadata: { name: string; uid: string } }) =>
    [one.kind, one.metadata.name, one.metadata.uid].join(" "),
  );
}

/** Takes the API server away in the middle of an operation. @param over resolves when it may come back */
async function withoutApiServer(operationId: string, over: () => Promise<unknown>): Promise<void> {
  const server = cluster.program("kube-apiserver");
  await server.stop();
  await over();
  expect((await onvera.call("GET", `/operations/${operationId}`)).ended_at).toBeNull();
  await server.start();
}

test("an API server that goes away in the middle of the engine's run, and again while pods are waited for, costs time alone: the operation succeeds by itself, and nothing is made twice (R1, ON-44)", async () => {
  const environment_id = await pods.environment(account.kubeconfig, { images: await ensureTinyApp(cluster.place) });
  const body = { app_type: "superset", name: "Failing", environment_id, environment_variables: waitForGo };
  const made = await onvera.call("POST", "/deployments", body);
  id = made.deployment_id;

  const bootstrap = await untilHeld("bootstrap");
  const before = await objects();
  const isRetried = () => onvera.plane.until(made.operation_id, ({ attempt }) => attempt === 2);
  await withoutApiServer(made.operation_id, isRetried);
  await bootstrap();

  const web = await untilHeld("web");
  await withoutApiServer(made.operation_id, () => sleep(AWAY_MILLISECONDS));
  await web();

  await pods.succeeds(made);
  const after = await objects();
  expect(after).toEqual(expect.arrayContaining(before));
  const names = after.map((one) => one.split(" ").slice(0, 2).join(" "));
  expect(names).toEqual([...new Set(names)]);
  expect(await kubectl("get", "jobs", "-o", "jsonpath={.items[*].status.succeeded}")).toBe("1");
  expect((await (await pods.browser(id)).ask("/health")).status).toBe(200);
});

test("an API server that stays away ends the operation with cause, owner and next step; what runs goes on, and the same request then succeeds (NH-09, TN-3)", async () => {
  const server = cluster.program("kube-apiserver");
  waits.patience = { ...usualWaits.patience, unreachable: SHORT_SECONDS };
  await server.stop();
  const health = await ask("/health");
  const said = (await health.json()) as { error: { message: string } };
  expect([health.status, said.error.message]).toEqual([
    503,
    expect.stringMatching(/cannot be asked.*onvera clusters check/s),
  ]);
  const refused = await onvera.call("POST", `/deployments/${id}/state/restore`, {});
  const { error } = await onvera.plane.ended(refused.operation_id);
  expect(error).toMatchObject({ code: "CLUSTER_UNREACHABLE", cause: "platform", owner: "operator", retryable: true });
  expect(error?.next_step).toContain("onvera clusters check");
  expect((await (await pods.browser(id)).ask("/health")).status).toBe(200);
  expect((await onvera.call("GET", `/deployments/${id}`)).status).toBe("ready");

  await server.start();
  waits.patience = usualWaits.patience;
  await pods.succeeds(await onvera.call("POST", `/deployments/${id}/state/restore`, {}));
});

test("a node whose kubelet is gone: health says so of its pods, in words, and all is well again when it is back (ON-35)", async () => {
  const kubelet = cluster.program("kubelet");
  const status = async () => (await onvera.call("GET", `/deployments/${id}/health`)).status;
  await until(async () => (await status()) === "healthy", "the deployment is healthy", 60);
  await kubelet.stop();
  await until(async () => (await replica())?.phase === "unready", "the pod of a node that is gone is unready", 120);
  expect((await replica()).reason).toBe(`The pod's node ${cluster.place.nodeName} does not answer any more`);
  expect(["degraded", "unhealthy"]).toContain(await status());
  await kubelet.start();
  await until(async () => (await status()) === "healthy", "the deployment is healthy again", 120);
  expect((await replica()).restarts).toBe(0);
});

test("a namespace that something holds ends the destroy with who holds it; the next destroy goes on there when it is let go (ON-46, NH-01)", async () => {
  waits.namespaceSeconds = SHORT_SECONDS;
  const finalizers = (held: string[] | null) =>
    kubectl("patch", "pvc/data", "--type=merge", "-p", JSON.stringify({ metadata: { finalizers: held } }));
  await finalizers([FINALIZER]);
  const { operation_id: refused } = await onvera.call("DELETE", `/deployments/${id}`);
  const { error } = await onvera.plane.ended(refused, 180);
  expect(error).toMatchObject({ code: "NAMESPACE_STUCK", owner: "operator", retryable: true });
  expect(error?.message).toContain(`${FINALIZER} in 1 resource instances`);
  expect(await kubectl("get", "pods", "-o", "name")).toBe("");
  expect(await onvera.database.holds(id)).toEqual([]);

  waits.namespaceSeconds = usualWaits.namespaceSeconds;
  await finalizers(null);
  await pods.succeeds(await onvera.call("DELETE", `/deployments/${id}`));
  await expectDestroyed(onvera, id);
  expect(await cluster.kubectl(["get", "namespace", namespaceName(id), "--ignore-not-found"])).toBe("");
});

/** The rig itself: what every other cluster test takes for granted. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunningCluster } from "../support/cluster/running-cluster.ts";
import { makeNamespace, type TestNamespace, testCluster } from "../support/cluster/test-cluster.ts";
import { serviceOf, testPod, webPod } from "../support/cluster/test-pod.ts";
import { until } from "../support/until.ts";

let cluster: RunningCluster;
let namespace: TestNamespace;

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await makeNamespace(cluster, { "pod-security.kubernetes.io/enforce": "restricted" });
});

afterAll(async () => {
  await namespace?.remove();
});

const answers = (url: string) =>
  fetch(url, { signal: AbortSignal.timeout(2000) }).then(
    ({ status }) => status === 200,
    () => false,
  );

test("the node is Ready and runs the Kubernetes version that is built here", async () => {
  const nodes = JSON.parse(await cluster.kubectl(["get", "nodes", "-o", "json"]));
  expect(nodes.items).toHaveLength(1);
  const [{ status }] = nodes.items;
  expect(status.nodeInfo.kubeletVersion).toBe("v1.34.1");
  const condition = status.conditions.find(({ type }: { type: string }) => type === "Ready");
  expect(condition.status).toBe("True");
});

test("a kubeconfig of the rig names no file and runs no program (ON-04)", () => {
  const config = JSON.parse(cluster.kubeconfig);
  expect(Object.keys(config.users[0].user).sort()).toEqual(["client-certificate-data", "client-key-data"]);
  expect(Object.keys(config.clusters[0].cluster).sort()).toEqual(["certificate-authority-data", "server"]);
});

test("a pod becomes Ready and a Service in front of it answers through kube-proxy", async () => {
  await namespace.apply(webPod("web"), serviceOf("web"));
  await namespace.kubectl(["wait", "--for=condition=Ready", "pod/web", "--timeout=60s"]);
  const address = await namespace.kubectl(["get", "service", "web", "-o", "jsonpath={.spec.clusterIP}"]);
  await until(() => answers(`http://${address}/busybox`), "the Service answers", 30);
});

test("logs and commands reach a pod through the API server", async () => {
  await namespace.apply(testPod("talks", ["sh", "-c", "echo here I am; sleep 3600"]));
  await namespace.kubectl(["wait", "--for=condition=Ready", "pod/talks", "--timeout=60s"]);
  expect(await namespace.kubectl(["logs", "talks"])).toBe("here I am\n");
  expect(await namespace.kubectl(["exec", "talks", "--", "id", "-u"])).toBe("65534\n");
});

test("Pod Security refuses a privileged pod where 'restricted' is enforced (R9)", async () => {
  const pod = testPod("privileged");
  const [container] = pod.spec.containers;
  const privileged = { ...container, securityContext: { privileged: true } };
  const asked = namespace.apply({ ...pod, spec: { ...pod.spec, containers: [privileged] } });
  await expect(asked).rejects.toThrow(/violates PodSecurity "restricted/);
});

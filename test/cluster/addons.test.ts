/** What the rig has besides Kubernetes itself: names, figures, storage. */
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

const succeeds = (asked: Promise<unknown>) =>
  asked.then(
    () => true,
    () => false,
  );

test("a pod finds a Service by its name, and no name outside the cluster", async () => {
  await namespace.apply(webPod("web"), serviceOf("web"), testPod("asks"));
  await namespace.kubectl(["wait", "--for=condition=Ready", "pod/web", "pod/asks", "--timeout=60s"]);
  const fetches = (url: string) =>
    succeeds(namespace.kubectl(["exec", "asks", "--", "timeout", "2", "wget", "-q", "-O", "/dev/null", url]));
  await until(
    () => fetches(`http://web.${namespace.name}.svc.cluster.local/busybox`),
    "the Service's name is known",
    30,
  );
  await until(() => fetches("http://web/busybox"), "the short name is known", 30);
  const unknown = namespace.kubectl(["exec", "asks", "--", "nslookup", "example.com"]);
  await expect(unknown).rejects.toThrow(/exit code 1/);
});

test("a claim that names no storage class is given a volume that outlives the pod", async () => {
  const claim = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "kept" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
  };
  const podWithVolume = (name: string, command: string[]) => {
    const { spec, ...rest } = testPod(name, command);
    const [container] = spec.containers;
    const containers = [{ ...container, volumeMounts: [{ name: "kept", mountPath: "/kept" }] }];
    const volumes = [{ name: "kept", persistentVolumeClaim: { claimName: "kept" } }];
    return { ...rest, spec: { ...spec, restartPolicy: "Never", containers, volumes } };
  };
  const isDone = ["--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s"];
  await namespace.apply(claim, podWithVolume("writes", ["sh", "-c", "echo still here > /kept/file"]));
  await namespace.kubectl(["wait", ...isDone, "pod/writes"]);
  await namespace.kubectl(["delete", "pod", "writes", "--wait=true"]);
  await namespace.apply(podWithVolume("reads", ["cat", "/kept/file"]));
  await namespace.kubectl(["wait", ...isDone, "pod/reads"]);
  expect(await namespace.kubectl(["logs", "reads"])).toBe("still here\n");
});

test("metrics-server gives a pod's processor time and memory (F7)", async () => {
  await namespace.apply(testPod("busy", ["sh", "-c", "while :; do :; done"]));
  await namespace.kubectl(["wait", "--for=condition=Ready", "pod/busy", "--timeout=60s"]);
  const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace.name}/pods/busy`;
  await until(() => succeeds(cluster.kubectl(["get", "--raw", path])), "figures of the pod", 90);
  const { containers } = JSON.parse(await cluster.kubectl(["get", "--raw", path]));
  expect(containers[0].usage.cpu).toMatch(/^[1-9]\d*[nu]$/);
  expect(containers[0].usage.memory).toMatch(/^[1-9]\d*Ki$/);
});

/** The walls between pods are real in the rig: what a NetworkPolicy does not allow does not arrive. */
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunningCluster } from "../support/cluster/running-cluster.ts";
import { makeNamespace, type TestNamespace, testCluster } from "../support/cluster/test-cluster.ts";
import { serviceOf, testPod, webPod } from "../support/cluster/test-pod.ts";
import { until } from "../support/until.ts";

let cluster: RunningCluster;
let ours: TestNamespace;
let theirs: TestNamespace;

beforeAll(async () => {
  cluster = await testCluster();
  [ours, theirs] = [await makeNamespace(cluster), await makeNamespace(cluster)];
  await ours.apply(webPod("web"), serviceOf("web"), testPod("asks"));
  await theirs.apply(testPod("asks"));
  await ours.kubectl(["wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s"]);
  await theirs.kubectl(["wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s"]);
});

afterAll(async () => {
  await ours?.remove();
  await theirs?.remove();
});

/** Whether the pod `asks` of a namespace gets an answer within a second. */
const reaches = (from: TestNamespace, url: string): Promise<boolean> =>
  from.kubectl(["exec", "asks", "--", "timeout", "1", "wget", "-q", "-O", "/dev/null", url]).then(
    () => true,
    () => false,
  );

const webOf = (namespace: TestNamespace) => `http://web.${namespace.name}.svc.cluster.local/busybox`;

function policy(name: string, spec: object): object {
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name }, spec };
}

test("a pod is reached from another namespace until a default-deny policy is there, and again when it is gone (R9)", async () => {
  await until(() => reaches(theirs, webOf(ours)), "pods reach each other without a policy", 30);
  await ours.apply(policy("nobody-in", { podSelector: {}, policyTypes: ["Ingress"] }));
  await until(async () => !(await reaches(theirs, webOf(ours))), "the policy holds", 30);
  expect(await reaches(ours, webOf(ours))).toBe(false);
  await ours.apply(
    policy("own-namespace", { podSelector: {}, policyTypes: ["Ingress"], ingress: [{ from: [{ podSelector: {} }] }] }),
  );
  await until(() => reaches(ours, webOf(ours)), "the named allow holds", 30);
  expect(await reaches(theirs, webOf(ours))).toBe(false);
  await ours.kubectl(["delete", "networkpolicy", "--all"]);
  await until(() => reaches(theirs, webOf(ours)), "pods reach each other again", 30);
});

test("a pod that may only ask names reaches neither this machine nor another pod (R9)", async () => {
  const server: Server = createServer((_, response) => response.end("here"));
  await new Promise<void>((resolve) => server.listen(0, cluster.hostAddress, resolve));
  const address = server.address();
  const here = `http://${cluster.hostAddress}:${typeof address === "object" ? address?.port : 0}/`;
  try {
    await until(() => reaches(theirs, here), "a pod reaches this machine's one address", 30);
    const names = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } } };
    const ports = [
      { port: 53, protocol: "UDP" },
      { port: 5353, protocol: "UDP" },
    ];
    await theirs.apply(
      policy("names-only", { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [names], ports }] }),
    );
    await until(async () => !(await reaches(theirs, here)), "the policy holds", 30);
    expect(await reaches(theirs, webOf(ours))).toBe(false);
    const answer = await theirs.kubectl(["exec", "asks", "--", "nslookup", `web.${ours.name}.svc.cluster.local`]);
    expect(answer).toContain("Address");
  } finally {
    await theirs.kubectl(["delete", "networkpolicy", "--all"]);
    server.close();
  }
});

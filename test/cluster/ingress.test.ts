/** The way in: an Ingress of the rig's class answers at the controller's one address. */
import { request } from "node:https";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ingressClassName } from "../support/cluster/ingress-manifests.ts";
import type { RunningCluster } from "../support/cluster/running-cluster.ts";
import { makeNamespace, type TestNamespace, testCluster } from "../support/cluster/test-cluster.ts";
import { serviceOf, webPod } from "../support/cluster/test-pod.ts";
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

/** Asks over TLS for a host; the controller shows a certificate of its own. @returns the status, 0 without an answer */
const statusOf = (host: string): Promise<number> =>
  new Promise((resolve) => {
    const { ingressAddress } = cluster.place;
    const asked = request(
      {
        host: ingressAddress,
        port: 443,
        path: "/busybox",
        servername: host,
        headers: { host },
        timeout: 2000,
        rejectUnauthorized: false,
      },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(0));
    asked.end();
  });

test("an Ingress answers over TLS for its host, and for no other", async () => {
  const host = `${namespace.name}.apps.example.com`;
  const service = { name: "web", port: { number: 80 } };
  await namespace.apply(webPod("web"), serviceOf("web"), {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "web" },
    spec: {
      ingressClassName,
      tls: [{ hosts: [host] }],
      rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend: { service } }] } }],
    },
  });
  await namespace.kubectl(["wait", "--for=condition=Ready", "pod/web", "--timeout=60s"]);
  await until(async () => (await statusOf(host)) === 200, "the Ingress answers", 60);
  expect(await statusOf("other.apps.example.com")).toBe(404);
});

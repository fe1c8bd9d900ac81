/** A cluster is registered with the manifest's account alone, and checked: on a real API server, with real pods. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installManifestAccount, type ManifestAccount } from "../support/cluster/manifest-account.ts";
import { testImage } from "../support/cluster/rig-images.ts";
import type { RunningCluster } from "../support/cluster/running-cluster.ts";
import { testCluster } from "../support/cluster/test-cluster.ts";
import { startTestServer, type TestServer } from "../support/http.ts";
import { newCluster } from "../support/kubernetes-access.ts";
import { until } from "../support/until.ts";

const NAMESPACE = "onvera-preflight-test";
const INGRESS_CLASS = "onvera-preflight-test";

interface Finding {
  check: string;
  result: string;
  detail: string;
  items: string[];
}

let cluster: RunningCluster;
let server: TestServer;
let key: string;
/** Stands for the database server as pods reach it: that a connection is taken is all that is looked at. */
let door: Server;
let clusterId: string;

let account: ManifestAccount;
const ingressClass = JSON.stringify({
  apiVersion: "networking.k8s.io/v1",
  kind: "IngressClass",
  metadata: { name: INGRESS_CLASS },
  spec: { controller: "onvera.dev/none" },
});

beforeAll(async () => {
  cluster = await testCluster();
  account = await installManifestAccount(cluster, NAMESPACE);
  await cluster.kubectl(["apply", "--server-side", "-f", "-"], ingressClass);
  door = createServer((socket) => socket.end());
  door.listen(0, cluster.hostAddress);
  await once(door, "listening");
  server = await startTestServer();
  const { organizationId } = await server.addOrganization();
  const { userId } = await server.addUser({ organizationId, role: "viewer", isOperator: true });
  key = (await server.addKey({ organizationId, userId })).key;
  clusterId = await register("rig", account.kubeconfig);
});
afterAll(async () => {
  await server?.close();
  door?.close();
  await account?.remove();
  await cluster?.kubectl(["delete", "--ignore-not-found", "--wait=false", "-f", "-"], ingressClass);
});

async function register(name: string, kubeconfig: string): Promise<string> {
  const body = newCluster({
    name,
    kubeconfig,
    database_url: server.superuserConnectionString,
    database_address: { host: cluster.hostAddress, port: (door.address() as AddressInfo).port },
    ingress_class: INGRESS_CLASS,
    check_image: testImage,
  });
  const answer = await server.call("POST", "/api/v1/clusters", { key, body });
  expect([answer.status, answer.body.error?.message]).toEqual([201, undefined]);
  return answer.body.data.id;
}

async function check(id: string): Promise<{ fit: boolean; findings: Finding[]; version: string | null }> {
  const answer = await server.call("POST", `/api/v1/clusters/${id}/check`, { key });
  expect(answer.status).toBe(200);
  return answer.body.data;
}

test("with the manifest's account nothing is missing, and the report is kept (QV-03, QV-05)", async () => {
  const report = await check(clusterId);
  expect(report.findings.filter(({ result }) => result !== "ok")).toEqual([]);
  expect([report.fit, report.version]).toEqual([true, "v1.34.1"]);
  const { data } = (await server.call("GET", `/api/v1/clusters/${clusterId}`, { key })).body;
  expect(data.check).toEqual(report);
});

test("a rule that is taken away is named, and what cannot be tried for it is unknown (QV-05)", async () => {
  const role = account.objects.find((one) => "rules" in one) as { rules: { resources: string[] }[] };
  const rules = role.rules.map((rule) => ({
    ...rule,
    resources: rule.resources.filter((name) => name !== "networkpolicies"),
  }));
  await cluster.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify({ ...role, rules }));
  const { fit, findings } = await check(clusterId);
  await cluster.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(role));
  expect(fit).toBe(false);
  expect(findings.find((one) => one.check === "permissions")).toMatchObject({
    result: "missing",
    items: ["networkpolicies.networking.k8s.io: get, list, watch, create, update, patch, delete"],
  });
  expect(findings.find((one) => one.check === "network_policy")?.result).toBe("unknown");
});

test("a token that is no longer valid is told apart from a server that is away", async () => {
  const config = JSON.parse(account.kubeconfig);
  config.users[0].user.token = "not-a-token";
  const { findings, version } = await check(await register("stranger", JSON.stringify(config)));
  expect(version).toBeNull();
  expect(findings.find((one) => one.check === "reachable")?.detail).toMatch(/credentials are not valid/);
});

test("leaves no namespace of its own behind", async () => {
  const names = () => cluster.kubectl(["get", "namespaces", "-o", "name"]);
  await until(async () => !(await names()).includes("onvera-check-"), "the check's namespaces are gone", 90);
});

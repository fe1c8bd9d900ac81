/** A real Superset in real pods, from an empty cluster and an empty database to a login, by one run of its program. */
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { defaultVersion } from "../../src/domain/app-catalog.ts";
import { longLivedKeys } from "../../src/domain/long-lived-keys.ts";
import { workloadFor } from "../../src/stacks/apps/registry.ts";
import { input, spec } from "../stacks/fixtures.ts";
import { ensureAppImage } from "../support/cluster/app-image.ts";
import { type ClusterStack, startClusterStack } from "../support/cluster/cluster-stack.ts";
import { portForPods } from "../support/cluster/port-for-pods.ts";
import type { RunningCluster } from "../support/cluster/running-cluster.ts";
import { testCluster } from "../support/cluster/test-cluster.ts";

// A migration of an empty database takes minutes of CPU on a busy machine.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 });

const version = defaultVersion("superset");
const wanted = spec({ version });
let cluster: RunningCluster;
let deployment: ClusterStack;

beforeAll(async () => {
  cluster = await testCluster();
  const image = await ensureAppImage(cluster.place, `superset/${version}`, console.log);
  deployment = await startClusterStack(cluster, { image });
});

afterAll(async () => {
  await deployment?.stop();
});

const inPod = (script: string) =>
  deployment.kubectl("exec", "deployment/web", "--", "/opt/app/bin/python", "-c", script);

it("migrates in a Job, comes up in pods that may write to their volumes only, and knows its administrator (ON-20, R9)", async () => {
  const workload = workloadFor(wanted, { ...input().identity, deploymentId: deployment.deploymentId });
  const custody = Object.fromEntries(Object.entries(longLivedKeys).map(([name, make]) => [name, make()]));
  deployment.use({ spec: wanted, workload, custody });
  const { outputs } = await deployment.stack.up();
  await deployment.kubectl("rollout", "status", "deployment/web", "--timeout=600s");
  expect(await deployment.kubectl("get", "jobs", "-o", "jsonpath={.items[*].status.succeeded}")).toBe("1");

  const password = String(outputs.admin_password?.value);
  const body = JSON.stringify({ username: "admin", password, provider: "db" });
  const login = `
import json, urllib.request
request = urllib.request.Request("http://127.0.0.1:8080/api/v1/security/login", data=${JSON.stringify(body)}.encode(),
    headers={"content-type": "application/json", "host": "my-superset-abc123.apps.example.com"})
print(len(json.load(urllib.request.urlopen(request, timeout=60))["access_token"]) > 20)`;
  expect((await inPod(login)).trim()).toBe("True");
  await expect(inPod('open("/opt/app/made-here", "w")')).rejects.toThrow(/Read-only file system/);
});

it("reaches its database, but neither another port of that machine nor the cloud's metadata (R9)", async () => {
  const { hostAddress } = cluster;
  const attempt = (host: string, port: number) =>
    inPod(`
import socket
try:
    socket.create_connection((${JSON.stringify(host)}, ${port}), timeout=3).close(); print("reached")
except OSError as error:
    print(type(error).__name__)`);
  const other = await portForPods(cluster, deployment.databasePort);
  try {
    expect(await attempt(hostAddress, deployment.databasePort)).toBe("reached\n");
    expect(await attempt(hostAddress, other.port)).not.toBe("reached\n");
    expect(await attempt("169.254.169.254", 80)).not.toBe("reached\n");
  } finally {
    await other.close();
  }
});

it("has no token to ask the API server with (R9)", async () => {
  expect(await inPod('import os; print(os.path.exists("/var/run/secrets/kubernetes.io"))')).toBe("False\n");
});

/** A real Airflow in real pods, asked for by API: its DAGs from a git server inside the network, its logs kept when pods go. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { namespaceName } from "../../src/domain/kubernetes-names.ts";
import { dagFile, openAirflowApi } from "../support/airflow-client.ts";
import { ensureAppImage } from "../support/cluster/app-image.ts";
import { type ClusterPlane, startClusterPlane } from "../support/cluster/cluster-plane.ts";
import { type DeployedInPods, deployedInPods } from "../support/cluster/deployed-in-pods.ts";
import { installManifestAccount, type ManifestAccount } from "../support/cluster/manifest-account.ts";
import { identityAt } from "../support/cluster/outside-authority.ts";
import type { RunningCluster } from "../support/cluster/running-cluster.ts";
import { testCluster } from "../support/cluster/test-cluster.ts";
import { type GitServer, startGitServer } from "../support/git-server.ts";
import { type PackageIndex, startPackageIndex } from "../support/package-index.ts";
import { until } from "../support/until.ts";

// Importing an image and migrating an empty database take minutes of CPU on a busy machine.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 });

const components = ["api-server", "dag-processor", "scheduler", "triggerer"];

let cluster: RunningCluster;
let account: ManifestAccount;
let onvera: ClusterPlane;
let pods: DeployedInPods;
let git: GitServer;
let index: PackageIndex;
let environmentId: string;
let id: string;
let firstRun: string;

beforeAll(async () => {
  cluster = await testCluster();
  await ensureAppImage(cluster.place, "airflow/3.3.2", console.log);
  const { hostAddress: address } = cluster;
  const place = { address, ...(await identityAt(address)) };
  git = await startGitServer(place);
  git.commit({ "flows/from_git.py": dagFile("from_git", "first commit"), "README.md": "DAGs" });
  index = await startPackageIndex(place, { name: "onvera-greeting", version: "1.0", text: "from a package" });
  account = await installManifestAccount(cluster, "onvera-airflow-test");
  onvera = await startClusterPlane(cluster);
  pods = deployedInPods(cluster, onvera);
  environmentId = await pods.environment(account.kubeconfig, {
    private_networks: [git, index].map(({ port }) => ({ cidr: `${address}/32`, port })),
    package_index: index.url,
  });
});

afterAll(async () => {
  await pods?.abandon(id);
  await onvera?.stop();
  await account?.remove();
  await Promise.all([git?.close(), index?.close()]);
});

async function airflow() {
  const { username, password } = await onvera.call("GET", `/deployments/${id}/credentials`);
  return openAirflowApi("", username, password, await pods.browser(id));
}

test("an Airflow asked for by API comes up with every component, and its administrator signs in (ON-33, ON-36, ON-41, QV-10)", async () => {
  const dags = { url: git.url, subdirectory: "flows" };
  const wanted = { app_type: "airflow", name: "Flows", environment_id: environmentId, airflow: { dags } };
  const made = await onvera.call("POST", "/deployments", wanted);
  id = made.deployment_id;
  await pods.succeeds(made);
  const health = await onvera.call("GET", `/deployments/${id}/health`);
  expect(health.status).toBe("healthy");
  expect(health.processes.map(({ name }: { name: string }) => name)).toEqual(components);
  const own = (await (await pods.browser(id)).ask("/api/v2/monitor/health")).json();
  const parts = ["metadatabase", "scheduler", "triggerer", "dag_processor"];
  expect(parts.map((part) => own[part].status)).toEqual(parts.map(() => "healthy"));
});

test("a DAG that git brought is parsed, triggered by Airflow's own API and succeeds (ON-19, ON-27)", async () => {
  const api = await airflow();
  const run = await api.run("from_git");
  expect(run.state).toBe("success");
  firstRun = run.id;
  expect(await api.taskLog("from_git", run.id, "say")).toContain("first commit");
});

test("a task's log is read after every pod that had to do with it is gone", async () => {
  const before = (await pods.kubectl(id, "get", "pods", "-o", "name")).trim().split("\n");
  await pods.kubectl(id, "delete", "pods", "--all", "--timeout=180s");
  for (const name of components) await pods.kubectl(id, "rollout", "status", `deployment/${name}`, "--timeout=300s");
  const after = (await pods.kubectl(id, "get", "pods", "-o", "name")).trim().split("\n");
  expect(after.filter((name) => before.includes(name))).toEqual([]);
  expect(await (await airflow()).taskLog("from_git", firstRun, "say")).toContain("first commit");
});

test("a DAG sync brings the next commit to the pods that run (ON-16)", async () => {
  git.commit({ "flows/later.py": dagFile("later", "second commit") });
  await pods.succeeds(await onvera.call("POST", `/deployments/${id}/dag-syncs`));
  const api = await airflow();
  const run = await api.run("later");
  expect(run.state).toBe("success");
  expect(await api.taskLog("later", run.id, "say")).toContain("second commit");
});

test("requirements of its own are installed by a Job, from the cluster's package index, and its DAGs use them (ON-20)", async () => {
  const code = `import onvera_greeting\n${dagFile("extra", "NOT THIS")}`.replace(
    '"NOT THIS"',
    "onvera_greeting.greet()",
  );
  git.commit({ "flows/extra.py": code });
  const changes = { requirements: ["onvera-greeting==1.0"] };
  await pods.succeeds(await onvera.call("PATCH", `/deployments/${id}`, changes));
  await pods.succeeds(await onvera.call("POST", `/deployments/${id}/dag-syncs`));
  const api = await airflow();
  const run = await api.run("extra");
  expect(run.state).toBe("success");
  expect(await api.taskLog("extra", run.id, "say")).toContain("from a package");
});

test("with the KubernetesExecutor each task runs in a pod of its own, without token or secret, and its log outlives the pod (R9, ON-35)", async () => {
  const paths = ["/var/run/secrets/kubernetes.io", "/etc/onvera/secrets"];
  const seen = `onvera_greeting.greet(), [os.path.exists(path) for path in ${JSON.stringify(paths)}]`;
  const code = `import os\nimport onvera_greeting\n${dagFile("alone", "NOT THIS")}`.replace('"NOT THIS"', seen);
  git.commit({ "flows/alone.py": code });
  await pods.succeeds(await onvera.call("POST", `/deployments/${id}/dag-syncs`));
  await pods.succeeds(await onvera.call("PATCH", `/deployments/${id}`, { airflow: { executor: "kubernetes" } }));
  const api = await airflow();
  const run = await api.run("alone");
  expect(run.state).toBe("success");
  const { hostname } = (await api.get(`dags/alone/dagRuns/${run.id}/taskInstances/say`)).body;
  expect(hostname).toMatch(/^alone-say-/);
  const about = `involvedObject.kind=Pod,involvedObject.name=${hostname}`;
  expect(await pods.kubectl(id, "get", "events", "--field-selector", about)).toContain("Started");
  await until(
    async () => (await pods.kubectl(id, "get", "pod", hostname, "--ignore-not-found", "-o", "name")) === "",
    "the task's pod is gone",
    120,
  );
  expect(await (await airflow()).taskLog("alone", run.id, "say")).toContain("from a package [False, False]");
});

test("a stop leaves no pod of a task that still runs (ON-24)", async () => {
  const code = `import time\n${dagFile("endless", "NOT THIS")}`.replace('print("NOT THIS")', "time.sleep(3600)");
  git.commit({ "flows/endless.py": code });
  await pods.succeeds(await onvera.call("POST", `/deployments/${id}/dag-syncs`));
  const api = await airflow();
  await api.start("endless");
  const tasks = () => pods.kubectl(id, "get", "pods", "-l", "kubernetes_executor=True", "-o", "name");
  await until(async () => (await tasks()) !== "", "the task has its pod", 120);
  await pods.succeeds(await onvera.call("POST", `/deployments/${id}/stop`));
  expect(await tasks()).toBe("");
});

test("a destroy leaves nothing of it (ON-46, NH-01)", async () => {
  await pods.succeeds(await onvera.call("DELETE", `/deployments/${id}`));
  const { items } = await onvera.call("GET", `/deployments/${id}/receipt`);
  expect(items.filter(({ found }: { found: string }) => found !== "absent")).toEqual([]);
  expect(await cluster.kubectl(["get", "namespace", namespaceName(id), "--ignore-not-found"])).toBe("");
  expect(await onvera.database.holds(id)).toEqual([]);
});

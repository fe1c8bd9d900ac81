/** Every manifest of real deployments, asked of a real API server: known fields only, admitted by its own rules. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AirflowExecutor } from "../../src/domain/airflow-executor.ts";
import { appCatalog, defaultVersion } from "../../src/domain/app-catalog.ts";
import { type AppType, DeploymentSpec } from "../../src/domain/deployment-spec.ts";
import { namespaceName } from "../../src/domain/kubernetes-names.ts";
import { longLivedKeys } from "../../src/domain/long-lived-keys.ts";
import { workloadFor } from "../../src/stacks/apps/registry.ts";
import { deploymentProgram } from "../../src/stacks/program.ts";
import { kubernetesTarget } from "../../src/stacks/targets/kubernetes/index.ts";
import { clusterInput, type Manifest, manifestsOf, type PodSpec, podSpecsOf } from "../stacks/kubernetes-fixtures.ts";
import { type Recording, record } from "../stacks/recorder.ts";
import type { RunningCluster } from "../support/cluster/running-cluster.ts";
import { testCluster } from "../support/cluster/test-cluster.ts";

const deploymentId = `dep_${randomUUID()}`;
const namespace = namespaceName(deploymentId);
const custody = Object.fromEntries(Object.keys(longLivedKeys).map((name) => [name, `key-${name}`]));
let cluster: RunningCluster;

beforeAll(async () => {
  cluster = await testCluster();
});

afterAll(async () => {
  await cluster?.kubectl(["delete", "namespace", namespace, "--ignore-not-found", "--wait=false"]);
});

function recordingOf(appType: AppType, executor: AirflowExecutor): Promise<Recording> {
  const identity = { ...clusterInput().identity, deploymentId, appType };
  const settings = appType === "airflow" ? { executor, dags: { url: "https://example.org/dags.git" } } : {};
  const spec = DeploymentSpec.parse({
    version: defaultVersion(appType),
    size: "small",
    power_state: "running",
    requirements: ["tabulate>=0.9"],
    environment_variables: { PRICE: "$(HOME) $5" },
    [appCatalog[appType].settings]: settings,
  });
  const workload = workloadFor(spec, identity);
  const tolerations = [
    { key: "onvera.dev/pool", operator: "Equal" as const, value: "a", effect: "NoSchedule" as const },
  ];
  const apiServer = { addresses: ["10.9.0.1"], port: 6443 };
  const place = { nodeSelector: { "onvera.dev/pool": "a" }, tolerations, certificateIssuer: "letsencrypt", apiServer };
  return record(deploymentProgram(clusterInput({ identity, spec, workload, custody }, place), kubernetesTarget));
}

const ask = (manifests: object[], ...options: string[]) => {
  const list = { apiVersion: "v1", kind: "List", items: manifests };
  return cluster.kubectl(["apply", "--server-side", "--validate=strict", ...options, "-f", "-"], JSON.stringify(list));
};
/** As pods are admitted: where their namespace, account, quota and limits are. */
const walls = ({ kind }: Manifest) => ["Namespace", "ServiceAccount", "ResourceQuota", "LimitRange"].includes(kind);

/** The template of the pods an app makes itself. */
function taskPodOf(recording: Recording): [string, PodSpec][] {
  const [files] = manifestsOf(recording).filter(
    ({ kind, metadata }) => kind === "Secret" && metadata.name === "app-files",
  );
  const text = (files?.stringData as Record<string, string> | undefined)?.["task-pod"];
  return text === undefined ? [] : [["task", JSON.parse(text).spec]];
}

describe.each([
  ["superset", "superset", "local"],
  ["airflow", "airflow", "local"],
  ["airflow with the KubernetesExecutor", "airflow", "kubernetes"],
  ["airflow with the CeleryExecutor", "airflow", "celery"],
] as const)("a deployment of %s", (_name, appType, executor) => {
  it("has only fields the API server knows, in every object (ON-19)", async () => {
    const manifests = manifestsOf(await recordingOf(appType, executor));
    await ask(manifests.filter(walls));
    const answer = await ask(manifests, "--dry-run=server");
    expect(answer.trim().split("\n")).toHaveLength(manifests.length);
    expect(answer).not.toMatch(/warning/i);
  });

  it("has pods that Pod Security, quota and limits let in (R9)", async () => {
    const recording = await recordingOf(appType, executor);
    await ask(manifestsOf(recording).filter(walls));
    const own = taskPodOf(recording);
    expect(own).toHaveLength(executor === "kubernetes" ? 1 : 0);
    const pods = [...podSpecsOf(recording), ...own].map(([name, spec]) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: `tried-${name}`, namespace },
      spec: { restartPolicy: "Always", ...spec },
    }));
    expect(pods.length).toBeGreaterThan(2);
    const answer = await ask(pods, "--dry-run=server");
    expect(answer.trim().split("\n")).toHaveLength(pods.length);
  });

  it("is refused with a field nobody knows, so that the above proves something", async () => {
    const [first] = manifestsOf(await recordingOf(appType, executor)).filter(({ kind }) => kind === "Deployment");
    const wrong = { ...first, spec: { ...first?.spec, replicaz: 1 } };
    await expect(ask([wrong], "--dry-run=server")).rejects.toThrow(/replicaz/);
  });
});

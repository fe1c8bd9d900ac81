/** Every manifest of real deployments, asked of a real API server: known fields only, admitted by its own rules. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appCatalog, defaultVersion } from "../../src/domain/app-catalog.ts";
import { type AppType, appTypes, DeploymentSpec } from "../../src/domain/deployment-spec.ts";
import { namespaceName } from "../../src/domain/kubernetes-names.ts";
import { workloadFor } from "../../src/stacks/apps/registry.ts";
import { deploymentProgram } from "../../src/stacks/program.ts";
import { kubernetesTarget } from "../../src/stacks/targets/kubernetes/index.ts";
import { clusterInput, type Manifest, manifestsOf, podSpecsOf } from "../stacks/kubernetes-fixtures.ts";
import { type Recording, record } from "../stacks/recorder.ts";
import type { RunningCluster } from "../support/cluster/running-cluster.ts";
import { testCluster } from "../support/cluster/test-cluster.ts";

const deploymentId = `dep_${randomUUID()}`;
const namespace = namespaceName(deploymentId);
const custody = Object.fromEntries(
  ["secret_key", "fernet_key", "api_secret_key", "jwt_secret"].map((name) => [name, `key-${name}`]),
);
let cluster: RunningCluster;

beforeAll(async () => {
  cluster = await testCluster();
});

afterAll(async () => {
  await cluster?.kubectl(["delete", "namespace", namespace, "--ignore-not-found", "--wait=false"]);
});

function recordingOf(appType: AppType): Promise<Recording> {
  const identity = { ...clusterInput().identity, deploymentId, appType };
  const settings = appType === "airflow" ? { dags: { url: "https://example.org/dags.git" } } : {};
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
  const place = { nodeSelector: { "onvera.dev/pool": "a" }, tolerations, certificateIssuer: "letsencrypt" };
  return record(deploymentProgram(clusterInput({ identity, spec, workload, custody }, place), kubernetesTarget));
}

const ask = (manifests: object[], ...options: string[]) => {
  const list = { apiVersion: "v1", kind: "List", items: manifests };
  return cluster.kubectl(["apply", "--server-side", "--validate=strict", ...options, "-f", "-"], JSON.stringify(list));
};
/** As pods are admitted: where their namespace, account, quota and limits are. */
const walls = ({ kind }: Manifest) => ["Namespace", "ServiceAccount", "ResourceQuota", "LimitRange"].includes(kind);

describe.each(appTypes)("a deployment of %s", (appType) => {
  it("has only fields the API server knows, in every object (ON-19)", async () => {
    const manifests = manifestsOf(await recordingOf(appType));
    await ask(manifests.filter(walls));
    const answer = await ask(manifests, "--dry-run=server");
    expect(answer.trim().split("\n")).toHaveLength(manifests.length);
    expect(answer).not.toMatch(/warning/i);
  });

  it("has pods that Pod Security, quota and limits let in (R9)", async () => {
    const recording = await recordingOf(appType);
    await ask(manifestsOf(recording).filter(walls));
    const pods = podSpecsOf(recording).map(([name, spec]) => ({
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
    const [first] = manifestsOf(await recordingOf(appType)).filter(({ kind }) => kind === "Deployment");
    const wrong = { ...first, spec: { ...first?.spec, replicaz: 1 } };
    await expect(ask([wrong], "--dry-run=server")).rejects.toThrow(/replicaz/);
  });
});

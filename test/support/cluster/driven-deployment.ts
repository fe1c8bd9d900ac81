/** A deployment as the Kubernetes driver meets it: a namespace with its label on the rig, and a context that names it. */
import { createAdminConnection } from "../../../src/automation/targets/database-server/admin-connection.ts";
import { createKubernetesDriver, type OpenPlace } from "../../../src/automation/targets/kubernetes/driver.ts";
import type { DeploymentContext, StepIo, TargetDriver } from "../../../src/automation/worker/target-driver.ts";
import { type ClusterAccess, parseKubeconfig } from "../../../src/domain/cluster-access.ts";
import { DeploymentSpec } from "../../../src/domain/deployment-spec.ts";
import { newId } from "../../../src/domain/ids.ts";
import { DEPLOYMENT_LABEL, namespaceName } from "../../../src/domain/kubernetes-names.ts";
import { type ClusterClient, connect } from "../../../src/kubernetes/client.ts";
import { workloadFor } from "../../../src/stacks/apps/registry.ts";
import type { Cluster } from "../../../src/store/tables/places.ts";
import type { ScratchPostgres } from "../postgres.ts";
import { testImage } from "./rig-images.ts";
import type { RunningCluster } from "./running-cluster.ts";

export interface DrivenDeployment {
  id: string;
  namespace: string;
  driver: TargetDriver;
  client: ClusterClient;
  context: DeploymentContext;
  /** Everything that was said to the operation's reader. */
  said: string[];
  io: StepIo;
  apply(...manifests: object[]): Promise<void>;
  kubectl(args: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

export interface DrivenOptions {
  /** @default the rig's own administrator */
  access?: ClusterAccess;
  /** In place of one with `access`. */
  client?: ClusterClient;
  powerState?: "running" | "stopped";
  /** Where the health URL is asked. */
  ingress?: { host: string; port: number };
  signal?: AbortSignal;
}

/** Makes the namespace and what goes with it. */
export async function driveDeployment(
  cluster: RunningCluster,
  postgres: ScratchPostgres,
  options: DrivenOptions = {},
): Promise<DrivenDeployment> {
  const id = newId("deployment");
  const namespace = namespaceName(id);
  const labels = { [DEPLOYMENT_LABEL]: id };
  await create(cluster, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } });
  const client = options.client ?? (await connect(options.access ?? parseKubeconfig(cluster.kubeconfig)));
  const place: OpenPlace = {
    client,
    admin: createAdminConnection(postgres.connectionString()),
    access: { databaseUrl: null, kubeconfig: null },
    identity: null,
    placement: {
      isolation: "shared",
      ingressClass: "none",
      ingressNamespace: null,
      ingressAddress: options.ingress ?? null,
      certificateIssuer: null,
      storageClass: null,
      volumeAccess: "ReadWriteOnce",
      database: { host: "127.0.0.1", port: postgres.port },
      images: "onvera.local",
      nodeSelector: {},
      tolerations: [],
      privateNetworks: [],
      packageIndex: null,
    },
  };
  const said: string[] = [];
  const kubectl = (args: readonly string[]) => cluster.kubectl(["--namespace", namespace, ...args]);
  return {
    id,
    namespace,
    client,
    said,
    kubectl,
    driver: createKubernetesDriver({ open: async () => place, imageOf: async () => testImage }),
    context: contextOf(id, options.powerState ?? "running"),
    io: {
      signal: options.signal ?? new AbortController().signal,
      say: (message) => void said.push(message),
      phase: () => undefined,
      checkLease: async () => undefined,
    },
    apply: async (...manifests) => {
      const items = manifests.map((manifest) => labelled(manifest, labels));
      await create(cluster, { apiVersion: "v1", kind: "List", items }, namespace);
    },
    async remove() {
      client.close();
      await cluster.kubectl(["delete", "namespace", namespace, "--wait=false", "--ignore-not-found"]);
    },
  };
}

/** A Deployment of the test image, as the program renders a process. */
export function process(
  name: string,
  command: string[],
  changes: { image?: string; pod?: object; probe?: object } = {},
) {
  const image = changes.image ?? testImage;
  const container = {
    name,
    image,
    imagePullPolicy: "IfNotPresent",
    command,
    resources: { requests: { cpu: "5m", memory: "8Mi" }, limits: { memory: "64Mi" } },
    ...(changes.probe && { readinessProbe: changes.probe }),
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 1, containers: [container], ...changes.pod },
      },
    },
  };
}

function contextOf(id: string, powerState: "running" | "stopped"): DeploymentContext {
  const spec = DeploymentSpec.parse({ version: "6.1.0", size: "small", power_state: powerState });
  const identity = {
    deploymentId: id,
    organizationId: newId("organization"),
    environmentId: newId("environment"),
    name: "driven",
    appType: "superset" as const,
    hostLabel: "driven-abc123",
  };
  const workload = { ...workloadFor(spec, identity), health: { path: "/busybox", expectStatus: 200 } };
  const cluster = { kind: "kubernetes", domain: "apps.localhost", settings: {} } as Cluster;
  return { identity, cluster, spec, revision: 1, workload, firstRun: false };
}

const labelled = (manifest: object, labels: Record<string, string>) => {
  const { metadata } = manifest as { metadata: { labels?: object } };
  return { ...manifest, metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } };
};

async function create(cluster: RunningCluster, manifest: object, namespace?: string): Promise<void> {
  const where = namespace === undefined ? [] : ["--namespace", namespace];
  await cluster.kubectl([...where, "apply", "--server-side", "--force-conflicts", "-f", "-"], JSON.stringify(manifest));
}

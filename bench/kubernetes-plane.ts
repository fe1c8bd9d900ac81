/** What the figures of Kubernetes are measured on: the rig that is up, a control plane beside it, and the bare CLI as its peer. */
import https from "node:https";
import type { EngineJob } from "../src/automation/engine.ts";
import { raiseFence } from "../src/automation/operations/fence.ts";
import { submitOperation } from "../src/automation/operations/submit.ts";
import { parseKubeconfig } from "../src/domain/cluster-access.ts";
import { newId } from "../src/domain/ids.ts";
import { namespaceName } from "../src/domain/kubernetes-names.ts";
import type { OperationType } from "../src/domain/operation.ts";
import type { ProgramInput } from "../src/domain/program-input.ts";
import { type ClusterClient, connect } from "../src/kubernetes/client.ts";
import { type ClusterPlane, startClusterPlane } from "../test/support/cluster/cluster-plane.ts";
import { deployedInPods } from "../test/support/cluster/deployed-in-pods.ts";
import { installManifestAccount } from "../test/support/cluster/manifest-account.ts";
import { rigPlace } from "../test/support/cluster/rig-place.ts";
import { findCluster, type RunningCluster } from "../test/support/cluster/running-cluster.ts";
import { ensureTinyApp } from "../test/support/cluster/tiny-app.ts";
import { testActor } from "../test/support/control-plane-rows.ts";
import { until } from "../test/support/until.ts";
import type { PeerStack } from "./bench-plane.ts";

const OPERATION_SECONDS = 300;

export interface KubernetesBench {
  cluster: RunningCluster;
  onvera: ClusterPlane;
  /** With the account that operations have. */
  client: ClusterClient;
  /** Makes a deployment of ours. @returns its id when it is ready */
  ready(): Promise<string>;
  /** Queues an operation that changes nothing, and waits for its end. */
  operate(deploymentId: string, type: OperationType): Promise<void>;
  /** A stack outside the control plane, on the same backend, with the program of a deployment of ours. */
  peerStack(deploymentId: string): Promise<PeerStack>;
  /** Waits until a deployment, of ours or of the peer, runs in its newest form and answers at its address. */
  untilServes(name: string, hostLabel: string): Promise<void>;
  /** Removes what a run left in the cluster. */
  clear(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** @throws Error when no rig is up */
export async function startKubernetesBench(): Promise<KubernetesBench> {
  const cluster = await findCluster(rigPlace("dev"));
  if (cluster === undefined) throw new Error("No rig is up: start one by 'npm run cluster -- up'.");
  const account = await installManifestAccount(cluster, "onvera-bench");
  const onvera = await startClusterPlane(cluster);
  const client = await connect(parseKubeconfig(account.kubeconfig));
  const pods = deployedInPods(cluster, onvera);
  const environment_id = await pods.environment(account.kubeconfig, { images: await ensureTinyApp(cluster.place) });
  const jobs = watchEngine(onvera);
  const made: string[] = [];

  const ended = async (operationId: string) => {
    const { status, error } = await onvera.plane.ended(operationId, OPERATION_SECONDS);
    if (status !== "succeeded") throw new Error(`A run failed: ${JSON.stringify(error)}`);
  };
  return {
    cluster,
    onvera,
    client,
    async ready() {
      const body = { app_type: "superset", name: `Bench ${made.length}`, environment_id };
      const { deployment_id: id, operation_id: operationId } = await onvera.call("POST", "/deployments", body);
      made.push(id);
      await ended(operationId);
      return id;
    },
    operate: async (deploymentId, type) => ended(await queue(onvera, deploymentId, type)),
    async peerStack(deploymentId) {
      const job = jobs.get(deploymentId);
      if (job?.access === undefined) throw new Error(`The engine has not run for ${deploymentId}`);
      const name = newId("deployment");
      const { store, providers, folder } = onvera.plane;
      const generation = await store.asPlatform((db) =>
        raiseFence(db, { stackName: name, operationId: "bench", atLeast: 1 }),
      );
      await providers.attach({ stackName: name, access: job.access });
      const run = providers.registerRun({ operationId: "bench", generation, stackName: name, workDir: folder });
      made.push(name);
      return { name, program: renamed(job.program, name), end: () => run.end() };
    },
    async untilServes(name, hostLabel) {
      const namespace = ["--namespace", namespaceName(name)];
      await cluster.kubectl([...namespace, "rollout", "status", "deployment/web", "--timeout=120s"]);
      const { ingressAddress } = cluster.place;
      await until(() => answers(ingressAddress, `${hostLabel}.apps.example.com`), "it answers at its address", 120);
    },
    async clear(name) {
      await cluster.kubectl(["delete", "namespace", namespaceName(name), "--ignore-not-found", "--timeout=240s"]);
    },
    async stop() {
      for (const name of made)
        await cluster.kubectl(["delete", "namespace", namespaceName(name), "--ignore-not-found", "--wait=false"]);
      client.close();
      await onvera.stop();
      await account.remove();
    },
  };
}

/** What the engine was last given for each stack: the peer runs the same. */
function watchEngine({ plane: { engine } }: ClusterPlane): ReadonlyMap<string, EngineJob> {
  const jobs = new Map<string, EngineJob>();
  const run = engine.run.bind(engine);
  engine.run = (job, hooks) => {
    jobs.set(job.stackName, job);
    return run(job, hooks);
  };
  return jobs;
}

/** The same program for another stack: another namespace, database and host. */
function renamed(program: ProgramInput, name: string): ProgramInput {
  const { deploymentId, hostLabel } = program.identity;
  const text = JSON.stringify(program).replaceAll(deploymentId, name).replaceAll(hostLabel, hostLabelOf(name));
  return JSON.parse(text);
}

/** Of a peer's stack. */
export const hostLabelOf = (name: string): string => `peer-${name.slice(-12)}`;

function queue({ plane: { store } }: ClusterPlane, deploymentId: string, type: OperationType): Promise<string> {
  return store.asPlatform(async (db) => {
    const { organization_id: organizationId, wanted_revision: revision } = await db
      .selectFrom("deployments")
      .select(["organization_id", "wanted_revision"])
      .where("id", "=", deploymentId)
      .executeTakeFirstOrThrow();
    const { id } = await submitOperation(db, {
      organizationId,
      type,
      resourceType: "deployment",
      resourceId: deploymentId,
      input: { revision, previous_revision: revision },
      capability: "kubernetes",
      requestedBy: testActor,
      origin: "system",
    });
    return id;
  });
}

const answers = (address: string, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const asked = https.get(
      { host: address, path: "/health", headers: { host }, servername: host, rejectUnauthorized: false, agent: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    );
    asked.on("error", () => resolve(false));
  });

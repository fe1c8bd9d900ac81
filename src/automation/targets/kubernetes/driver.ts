/** A Kubernetes cluster's side of an operation: no package to install, readiness by watches, and the destroy steps. */
import { kubernetesNames, namespaceName } from "../../../domain/kubernetes-names.ts";
import type { Placement } from "../../../domain/kubernetes-settings.ts";
import type { TargetContext } from "../../../domain/program-input.ts";
import { publicHost, publicUrl } from "../../../domain/public-url.ts";
import type { StackAccess } from "../../../domain/stack-access.ts";
import type { ClusterClient } from "../../../kubernetes/client.ts";
import { namespacePath } from "../../../kubernetes/kinds.ts";
import { apiServerAddress } from "../../../kubernetes/own-address.ts";
import type { DeploymentContext, TargetDriver } from "../../worker/target-driver.ts";
import type { AdminConnection } from "../database-server/admin-connection.ts";
import { databaseSteps } from "../database-server/database-steps.ts";
import { noAnswer } from "../database-server/look-up.ts";
import { removeTenantDatabase, revokeTenantLogins } from "../database-server/tenant-database.ts";
import { toldAsStepFailure } from "./cluster-error.ts";
import { takeClusterInventory } from "./inventory.ts";
import { explainJobFailure } from "./job-failure.ts";
import { findObject, lookUpInCluster } from "./look-up.ts";
import { deleteObject, findOwnedInCluster, removeOwnedInCluster } from "./owned.ts";
import { askPublicly } from "./public-address.ts";
import { stopPods } from "./stop-pods.ts";
import { waitUntilReachable, waitUntilRolledOut, watchJobs } from "./wait-ready.ts";
import { waitUntilStopped } from "./wait-stopped.ts";
import { type ClusterIo, type ClusterWaits, patientlyIn, usualWaits, withWaits } from "./waits.ts";

/** A deployment's environment on its cluster, opened. */
export interface OpenPlace {
  placement: Placement;
  client: ClusterClient;
  admin: AdminConnection;
  /** For the engine's providers. */
  access: StackAccess;
  /** Of the cluster that was registered; null before it was first asked. */
  identity: string | null;
}

export interface KubernetesDriverDeps {
  /** Read anew each time: an operator may have given the cluster another access meanwhile. @throws when it was given up */
  open(deployment: { identity: Pick<DeploymentContext["identity"], "environmentId"> }): Promise<OpenPlace>;
  /** Full reference of the image an app's lock is in. */
  imageOf(images: string, lock: string): Promise<string>;
  /** @default usualWaits */
  waits?: ClusterWaits;
}

export function createKubernetesDriver({ open, imageOf, waits = usualWaits }: KubernetesDriverDeps): TargetDriver {
  const admin = async (deployment: DeploymentContext) => (await open(deployment)).admin;

  const describe = async (deployment: DeploymentContext): Promise<TargetContext> => {
    const { identity, cluster, workload } = deployment;
    const { placement, client } = await open(deployment);
    return {
      target: "kubernetes",
      databaseHost: placement.database.host,
      databasePort: placement.database.port,
      // The migration Job starts from an empty database: which templates a cluster's server has is its operator's matter.
      templateDatabase: null,
      host: publicHost(identity.hostLabel, cluster),
      publicUrl: publicUrl(identity.hostLabel, cluster),
      kubernetes: {
        isolation: placement.isolation,
        image: workload === null ? "" : await imageOf(placement.images, workload.package.lock),
        imagePullPolicy: "IfNotPresent",
        ingressClass: placement.ingressClass,
        ingressNamespace: placement.ingressNamespace,
        certificateIssuer: placement.certificateIssuer,
        storageClass: placement.storageClass,
        volumeAccess: placement.volumeAccess,
        nodeSelector: placement.nodeSelector,
        tolerations: placement.tolerations,
        privateNetworks: placement.privateNetworks,
        packageIndex: placement.packageIndex,
        apiServer: workload?.taskPods === undefined ? null : await toldAsStepFailure(() => apiServerAddress(client)),
      },
    };
  };

  return {
    ...databaseSteps(admin),
    describe,

    prepare: describe,

    access: async (deployment) => (await open(deployment)).access,

    untilReachable: (deployment, io, onWait) =>
      toldAsStepFailure(async () => {
        const { client } = await open(deployment);
        const path = namespacePath(namespaceName(deployment.identity.deploymentId));
        await patientlyIn(withWaits(io, waits), () => findObject(client, path), onWait);
      }),

    // The program carries all a cluster renders from; there is no file beside it.
    writeRevision: async ({ revision }) => String(revision),

    async watchEngine(deployment, signal) {
      const { client } = await open(deployment);
      return watchJobs(client, deployment.identity.deploymentId, signal);
    },

    async explain(deployment, error) {
      try {
        return await explainJobFailure((await open(deployment)).client, deployment.identity.deploymentId, error);
      } catch {
        // A cluster that does not answer now must not hide what the engine said.
        return error;
      }
    },

    waitReady: (deployment, io) => toldAsStepFailure(() => waitReady(open, deployment, withWaits(io, waits))),

    revokeAccess: (deployment, io) =>
      toldAsStepFailure(async () => {
        const { client, admin: server } = await open(deployment);
        const { deploymentId } = deployment.identity;
        io.say("Closing the front door");
        await io.checkLease();
        const namespace = namespaceName(deploymentId);
        const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/${kubernetesNames.ingress}`;
        await patientlyIn(withWaits(io, waits), () => deleteObject(client, path));
        await io.checkLease();
        io.say("Shutting out the database logins");
        await revokeTenantLogins(server, deploymentId);
      }),

    async answersPublicly(deployment, signal) {
      const { identity, workload, cluster } = deployment;
      if (workload === null) return false;
      const { ingressAddress } = (await open(deployment)).placement;
      const url = publicUrl(identity.hostLabel, cluster);
      return (await askPublicly({ url, health: workload.health, ingressAddress }, signal)).ok;
    },

    removeDatabaseTenant: (deployment, io) =>
      toldAsStepFailure(async () => {
        const { client, admin: server } = await open(deployment);
        const { deploymentId } = deployment.identity;
        io.say("Stopping the processes");
        await io.checkLease();
        await stopPods(client, deploymentId, withWaits(io, waits));
        io.say("Dropping the database");
        await removeTenantDatabase(server, deploymentId, () => io.checkLease());
      }),

    async lookUp(deployment, resource) {
      try {
        return await lookUpInCluster(await open(deployment), deployment.identity.deploymentId, resource);
      } catch (error) {
        return noAnswer(error);
      }
    },

    async findOwned(deployment) {
      try {
        return await findOwnedInCluster(await open(deployment), deployment.identity.deploymentId);
      } catch (error) {
        const failure = error instanceof Error ? error.message : String(error);
        return [{ lookedUpBy: "nothing answered", about: "everything of the deployment", failure }];
      }
    },

    takeInventory: (sought) => takeClusterInventory((environmentId) => open({ identity: { environmentId } }), sought),

    removeOwned: (deployment, io) =>
      toldAsStepFailure(async () =>
        removeOwnedInCluster(await open(deployment), deployment.identity.deploymentId, withWaits(io, waits)),
      ),

    forget: async () => undefined,
  };
}

async function waitReady(
  open: KubernetesDriverDeps["open"],
  deployment: DeploymentContext,
  io: ClusterIo,
): Promise<void> {
  const { identity, workload, spec, cluster } = deployment;
  if (workload === null) return;
  const { client, placement } = await open(deployment);
  if (spec.power_state === "stopped") return waitUntilStopped(client, identity.deploymentId, io);
  const processes = workload.processes.map(({ name }) => name);
  await waitUntilRolledOut(client, identity.deploymentId, processes, io);
  const url = publicUrl(identity.hostLabel, cluster);
  await waitUntilReachable({ url, health: workload.health, ingressAddress: placement.ingressAddress }, io);
}

/** How the server looks at deployments on Kubernetes clusters: the cluster's answers in the API's words. */
import { askPublicly } from "../automation/targets/kubernetes/public-address.ts";
import { appCatalog } from "../domain/app-catalog.ts";
import { appTypeOf } from "../domain/deployment-spec.ts";
import { namespaceName } from "../domain/kubernetes-names.ts";
import { timestamp } from "../domain/timestamps.ts";
import { ClusterFailure } from "../kubernetes/failure.ts";
import { type NamespaceView, readNamespace } from "../kubernetes/namespace-view.ts";
import { podUsage, readPodUsage } from "../kubernetes/pod-usage.ts";
import { type ProcessHealth, processHealth } from "../kubernetes/process-health.ts";
import { healthStatus } from "../local/supervisor/health.ts";
import { type RuntimeReader, type RuntimeTarget, RuntimeUnavailable } from "../server/runtime-reader.ts";
import type { HealthView } from "../server/schemas/runtime.ts";
import { ClusterAbandoned } from "../store/crypto/cluster-secrets.ts";
import { kubernetesLogs } from "./kubernetes-logs.ts";
import type { OpenRuntimePlace, RuntimePlace } from "./runtime-places.ts";

const FRONT_DOOR_MILLISECONDS = 5000;

export function createKubernetesRuntime(open: OpenRuntimePlace): RuntimeReader {
  return {
    async health(target) {
      const place = await opened(open, target);
      return toldAsUnavailable(place, async () => {
        const view = await readDeployed(place, target);
        const processes = processHealth(view);
        const isStopped = processes.every(({ wantedReplicas }) => wantedReplicas === 0);
        const frontDoor = isStopped ? closedDoor : await askFrontDoor(place, target);
        const upToDate = processes.every((process) => process.upToDate);
        return {
          status: healthStatus(processes, frontDoor.ok, upToDate),
          front_door: frontDoor,
          processes: processes.map(processView),
          checked_at: timestamp(new Date()),
        };
      });
    },

    async metrics(target) {
      const place = await opened(open, target);
      return toldAsUnavailable(place, async () => {
        const { pods } = await readDeployed(place, target);
        const measured = await readPodUsage(place.client, { namespace: namespaceName(target.deploymentId) });
        return {
          at: timestamp(new Date()),
          processes: podUsage(pods, measured).map(({ process, replica, cpuPercent, memoryBytes, restarts }) => ({
            name: process,
            replica,
            cpu_seconds: null,
            cpu_percent: cpuPercent,
            memory_bytes: memoryBytes,
            restarts,
          })),
          gateway: null,
        };
      });
    },

    async *logs(target, request) {
      const place = await opened(open, target);
      try {
        yield* kubernetesLogs(place.client, target.deploymentId, request);
      } catch (error) {
        throw unavailable(place, error);
      }
    },
  };
}

async function opened(open: OpenRuntimePlace, { environmentId }: RuntimeTarget): Promise<RuntimePlace> {
  try {
    return await open(environmentId);
  } catch (error) {
    if (error instanceof ClusterAbandoned) throw new RuntimeUnavailable(error.message, { cause: error });
    throw error;
  }
}

async function toldAsUnavailable<T>(place: RuntimePlace, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw unavailable(place, error);
  }
}

function unavailable({ cluster }: RuntimePlace, error: unknown): unknown {
  if (!(error instanceof ClusterFailure)) return error;
  const next = `'onvera clusters check ${cluster}' says what is wrong with it.`;
  return new RuntimeUnavailable(`The cluster '${cluster}' cannot be asked. ${error.message} ${next}`, { cause: error });
}

/** @throws RuntimeUnavailable while there is nothing of the deployment */
async function readDeployed({ cluster, client }: RuntimePlace, target: RuntimeTarget): Promise<NamespaceView> {
  const view = await readNamespace(client, namespaceName(target.deploymentId));
  if (view.deployments.length > 0) return view;
  throw new RuntimeUnavailable(
    `The cluster '${cluster}' has no process of this deployment yet. Look at its operation, which makes them.`,
  );
}

const closedDoor = { ok: false, checked_at: null, detail: "The deployment is stopped." };

async function askFrontDoor(
  { ingressAddress }: RuntimePlace,
  target: RuntimeTarget,
): Promise<HealthView["front_door"]> {
  const app = appTypeOf(target.appType);
  if (app === undefined || !Object.hasOwn(appCatalog, app)) {
    return { ok: false, checked_at: null, detail: "The app has no front door." };
  }
  const checkedAt = timestamp(new Date());
  const { health } = appCatalog[app];
  const address = { url: target.url, health, ingressAddress };
  const { ok, detail } = await askPublicly(address, AbortSignal.timeout(FRONT_DOOR_MILLISECONDS));
  return { ok, checked_at: checkedAt, detail };
}

const processView = ({ name, wantedReplicas, replicas }: ProcessHealth): HealthView["processes"][number] => ({
  name,
  wanted_replicas: wantedReplicas,
  replicas: replicas.map(({ replica, phase, startedAt, restarts, lastExit, reason }) => ({
    replica,
    phase,
    started_at: startedAt === null ? null : timestamp(new Date(startedAt)),
    restarts,
    last_exit: lastExit,
    reason,
  })),
});

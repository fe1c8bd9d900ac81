/** A whole control plane whose cluster is the rig: the API, a worker, the engine, and a database server that pods reach. */
import { createAdminConnection } from "../../../src/automation/targets/database-server/admin-connection.ts";
import type { ClusterWaits } from "../../../src/automation/targets/kubernetes/waits.ts";
import { databaseName } from "../../../src/domain/names.ts";
import { startClusterSampling } from "../../../src/main/cluster-sampling.ts";
import { openKubernetesPlaces } from "../../../src/main/kubernetes-places.ts";
import { createKubernetesRuntime } from "../../../src/main/kubernetes-runtime.ts";
import { createKubernetesTarget } from "../../../src/main/kubernetes-target.ts";
import { openRuntimePlaces } from "../../../src/main/runtime-places.ts";
import { insertApiKey } from "../../../src/server/services/api-keys.ts";
import { insertOrganization } from "../../../src/server/services/organizations.ts";
import { ensureUser } from "../../../src/server/services/users.ts";
import { type AssembledServer, assembleServer } from "../assemble-server.ts";
import { type Api, apiOf, requestWith, type Subject } from "../conformance/subject.ts";
import { type ControlPlane, startControlPlane } from "../control-plane.ts";
import { kubernetesPackage } from "../kubernetes-provider/package.ts";
import { type ScratchPostgres, startScratchPostgres } from "../postgres.ts";
import { type PortForPods, portForPods } from "./port-for-pods.ts";
import type { RunningCluster } from "./running-cluster.ts";

export interface ClusterPlane {
  plane: ControlPlane;
  /** The cluster's own database server, apart from the control plane's. */
  database: {
    /** Of a role that may create databases and roles, and nothing else. */
    url: string;
    /** As pods reach it. */
    address: { host: string; port: number };
    /** Names of databases and roles that are a deployment's. */
    holds(deploymentId: string): Promise<string[]>;
  };
  /** Sends a request to the API as an owner who is the platform's operator too. @param path below /api/v1 */
  request: Subject["request"];
  /** Asks the API in the same way. @returns `data` of the answer @throws unless it is a 2xx */
  call: Api["call"];
  stop(): Promise<void>;
}

export interface ClusterPlaneOptions {
  /** How often deployments are compared with what was recorded of them. @default never */
  reconcileSeconds?: number;
  /** Whether figures are kept over time. @default they are not */
  keepsFigures?: boolean;
  /** How long operations wait for the cluster. @default as usual */
  waits?: ClusterWaits;
}

/** Starts it all; no cluster is registered yet. */
export async function startClusterPlane(
  cluster: RunningCluster,
  { reconcileSeconds = 0, keepsFigures = false, waits }: ClusterPlaneOptions = {},
): Promise<ClusterPlane> {
  const servers: ScratchPostgres[] = [];
  let door: PortForPods | undefined;
  let plane: ControlPlane | undefined;
  let api: AssembledServer | undefined;
  let sampling: { stop(): Promise<void> } | undefined;
  const stop = async () => {
    await api?.stop();
    await sampling?.stop();
    await plane?.stop();
    await door?.close();
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    const [home, server] = await Promise.all([startScratchPostgres(), startScratchPostgres()]);
    servers.push(home, server);
    door = await portForPods(cluster, server.port);
    const administrator = createAdminConnection(server.connectionString());
    await administrator.in(undefined, (client) =>
      client.query("CREATE ROLE operator LOGIN CREATEDB CREATEROLE PASSWORD 'scratch'"),
    );
    plane = await startControlPlane(home, { packages: [kubernetesPackage()] });
    const { store, masterKey } = plane;
    const { dataKeys, log } = plane.workerDeps();
    const open = openKubernetesPlaces({ store, dataKeys });
    await plane.startWorker({
      drivers: { kubernetes: createKubernetesTarget({ store, dataKeys }, open, waits) },
      capabilities: ["kubernetes"],
      timings: { reconcileSeconds },
    });
    if (keepsFigures) sampling = startClusterSampling({ store, open, log });
    const runtime = createKubernetesRuntime(openRuntimePlaces({ store, dataKeys }));
    api = assembleServer({ store, masterKey, version: "0", singleOrganization: false, runtime });
    const { app } = api;
    const key = await addOperator(plane);
    const request: Subject["request"] = async (method, path, options) =>
      app.request(`/api/v1${path}`, requestWith(key, method, options));
    return {
      plane,
      database: {
        url: `postgres://operator:scratch@127.0.0.1:${server.port}/postgres`,
        address: { host: cluster.hostAddress, port: door.port },
        holds: (deploymentId) =>
          administrator.in(undefined, async (client) => {
            const names = "SELECT datname AS name FROM pg_database UNION ALL SELECT rolname FROM pg_roles";
            const { rows } = await client.query<{ name: string }>(`SELECT name FROM (${names}) WHERE name LIKE $1`, [
              `${databaseName(deploymentId)}%`,
            ]);
            return rows.map(({ name }) => name);
          }),
      },
      request,
      call: apiOf({ request }).call,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Makes an organization. @returns a key of its owner, who may register clusters inside a network, too */
function addOperator({ store }: ControlPlane): Promise<string> {
  return store.asPlatform(async (db) => {
    const person = { email: "operator@example.test", name: "Operator", isPlatformOperator: true };
    const { id: ownerId } = await ensureUser(db, person);
    const organization = { name: "On a cluster", slug: "on-a-cluster", ownerId };
    const { id: organizationId } = await insertOrganization(db, organization, { singleOrganization: false });
    const wanted = { organizationId, userId: ownerId, name: "test", scopes: undefined, expiresAt: null };
    return (await insertApiKey(db, wanted)).key;
  });
}

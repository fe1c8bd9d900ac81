/** How access sync reaches the apps: where each listens, and its administrator's password out of custody. */
import { AppAccessError, type AppDoor } from "../automation/access/app-access.ts";
import { openAppAccess } from "../automation/access/open-app-access.ts";
import type { OpenApp } from "../automation/worker/operation-run.ts";
import { ADMIN_USER, FRONT_PORT } from "../domain/app-catalog.ts";
import { appTypeOf, type DeploymentIdentity } from "../domain/deployment-spec.ts";
import { kubernetesNames, namespaceName } from "../domain/kubernetes-names.ts";
import { publicUrl } from "../domain/public-url.ts";
import type { ClusterClient } from "../kubernetes/client.ts";
import { ClusterFailure } from "../kubernetes/failure.ts";
import type { SupervisorClient } from "../local/supervisor/client-port.ts";
import type { Installation } from "./installation.ts";
import { openKubernetesPlaces } from "./kubernetes-places.ts";

type Where = Pick<AppDoor, "url" | "connectTo" | "authorities">;

/** Opens nothing yet. An app on this node is asked at its own port, one on Kubernetes at its public address. */
export function createAppAccesses(
  { store, custody, dataKeys }: Pick<Installation, "store" | "custody" | "dataKeys">,
  supervisor: Pick<SupervisorClient, "getDeployment">,
): OpenApp {
  const openPlace = openKubernetesPlaces({ store, dataKeys });

  const onThisNode = async ({ deploymentId }: DeploymentIdentity): Promise<Where> => {
    const port = (await supervisor.getDeployment(deploymentId))?.ports[FRONT_PORT];
    if (port === undefined) throw new AppAccessError("unreachable", "The app has no port on its node now.");
    return { url: `http://127.0.0.1:${port}` };
  };

  const onKubernetes = async ({ deploymentId, environmentId, hostLabel }: DeploymentIdentity): Promise<Where> => {
    const { cluster, client, placement } = await openPlace(environmentId);
    const { ingressAddress, certificateIssuer } = placement;
    return {
      url: publicUrl(hostLabel, cluster),
      ...(ingressAddress !== null && { connectTo: ingressAddress }),
      ...(certificateIssuer !== null && { authorities: await authorityOf(client, deploymentId) }),
    };
  };

  return async ({ identity, cluster }, signal) => {
    const appType = appTypeOf(identity.appType);
    if (appType === undefined) throw new Error(`The app '${identity.appType}' has no people of its own.`);
    const { deploymentId: ownerId, organizationId } = identity;
    const secret = { ownerId, organizationId, name: "admin_password" };
    const password = await store.asPlatform((db) => custody.read(db, secret));
    if (password === undefined) throw new AppAccessError("login", "The app's administrator has no password yet.");
    const where = await (cluster.kind === "local" ? onThisNode(identity) : onKubernetes(identity)).catch(clusterAway);
    return openAppAccess(appType, { ...where, username: ADMIN_USER, password, signal });
  };
}

function clusterAway(error: unknown): never {
  if (error instanceof ClusterFailure) throw new AppAccessError("unreachable", error.message, { cause: error });
  throw error;
}

/** Who signed the host's certificate, where an authority of the cluster's own did: a password is sent to nobody else. */
async function authorityOf(client: ClusterClient, deploymentId: string): Promise<string[]> {
  const path = `/api/v1/namespaces/${namespaceName(deploymentId)}/secrets/${kubernetesNames.certificate}`;
  try {
    const secret = (await client.raw("read the host's certificate", { path })) as { data?: Record<string, string> };
    const text = secret.data?.["ca.crt"] ?? "";
    return text === "" ? [] : [Buffer.from(text, "base64").toString("utf8")];
  } catch (error) {
    if (error instanceof ClusterFailure && error.reason === "not-found") return [];
    throw error;
  }
}

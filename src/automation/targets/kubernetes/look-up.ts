/** The receipt's question to a cluster: is that object still there, and does it carry the deployment's label? */
import { DEPLOYMENT_LABEL, namespaceName } from "../../../domain/kubernetes-names.ts";
import type { ClusterClient } from "../../../kubernetes/client.ts";
import { ClusterFailure } from "../../../kubernetes/failure.ts";
import { NAMESPACE_TYPE, objectPath } from "../../../kubernetes/kinds.ts";
import type { ClusterObject } from "../../../kubernetes/objects.ts";
import { patiently } from "../../../kubernetes/patience.ts";
import type { LookUp, RecordedResource } from "../../worker/target-driver.ts";
import type { AdminConnection } from "../database-server/admin-connection.ts";
import { lookUpAnswer, lookUpOnServer, noAnswer } from "../database-server/look-up.ts";

/** A look-up is one question of many: it waits less than a step does. */
const PATIENCE_MILLISECONDS = 60_000;
const LOOKED_UP_BY = "kind, namespace and name at the API server, and the deployment's label";

export interface LookUpDeps {
  admin: AdminConnection;
  client: ClusterClient;
}

/** Looks one recorded resource up again. What cannot be asked is `unknown`, never `absent`. */
export async function lookUpInCluster(
  { admin, client }: LookUpDeps,
  deploymentId: string,
  { type, physicalId }: Omit<RecordedResource, "urn">,
): Promise<LookUp> {
  try {
    const path = objectPath(type, physicalId);
    if (path === undefined) {
      const onServer = await lookUpOnServer(admin, deploymentId, { type, physicalId });
      if (onServer !== undefined) return onServer;
      throw new Error(`Nothing in a cluster can look up a ${type}.`);
    }
    const found = await patiently(() => findObject(client, path), AbortSignal.timeout(PATIENCE_MILLISECONDS));
    // Whatever is in the deployment's own namespace goes with it.
    const goesWithAnother = type !== NAMESPACE_TYPE && physicalId.startsWith(`${namespaceName(deploymentId)}/`);
    const ours = found === undefined || found.metadata.labels?.[DEPLOYMENT_LABEL] === deploymentId;
    return { ...lookUpAnswer(found !== undefined, LOOKED_UP_BY, ours), ...(goesWithAnother && { goesWithAnother }) };
  } catch (error) {
    return noAnswer(error);
  }
}

/** The object at a path; undefined when there is none. @throws ClusterFailure */
export async function findObject<T extends ClusterObject>(client: ClusterClient, path: string): Promise<T | undefined> {
  try {
    return (await client.raw("look an object up", { path })) as T;
  } catch (error) {
    if (error instanceof ClusterFailure && error.reason === "not-found") return undefined;
    throw error;
  }
}

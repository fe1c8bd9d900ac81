/**
 * What many deployments have on their cluster and on its database servers, looked up at once: one list for each kind of
 * object, of names and labels only, and two statements for each server.
 */
import { DEPLOYMENT_LABEL } from "../../../domain/kubernetes-names.ts";
import type { ClusterClient } from "../../../kubernetes/client.ts";
import { listAll } from "../../../kubernetes/follow-list.ts";
import { clusterIdentity } from "../../../kubernetes/identity.ts";
import { NAMESPACE_TYPE, namespacedTypes } from "../../../kubernetes/kinds.ts";
import type { ClusterObject } from "../../../kubernetes/objects.ts";
import type { Inventory, SoughtDeployment } from "../../worker/target-driver.ts";
import type { AdminConnection } from "../database-server/admin-connection.ts";
import { takeServerInventory } from "../database-server/inventory.ts";

export interface InventoryPlace {
  client: Pick<ClusterClient, "raw">;
  admin: AdminConnection;
  access: { databaseUrl: string | null };
  /** Of the cluster that was registered; null before it was first asked. */
  identity: string | null;
}

/** Done once, a Job is of no more use: one that somebody tidied away must not be done again for that. */
const JOB_TYPE = "kubernetes:batch/v1:Job";
const DEADLINE_MILLISECONDS = 60_000;

const listed = [
  { type: NAMESPACE_TYPE, path: "/api/v1/namespaces" },
  ...namespacedTypes
    .filter(({ type }) => type !== JOB_TYPE)
    .map(({ type, group, plural }) => ({ type, path: `${group}/${plural}` })),
];

/**
 * Takes it.
 * @param open an environment of the cluster all of them are on
 * @throws when the cluster does not answer, leaves one list out, or is another one: nothing may be concluded then
 */
export async function takeClusterInventory(
  open: (environmentId: string) => Promise<InventoryPlace>,
  sought: readonly SoughtDeployment[],
): Promise<Inventory> {
  const places = new Map<string, InventoryPlace>();
  for (const { environmentId } of sought) {
    if (!places.has(environmentId)) places.set(environmentId, await open(environmentId));
  }
  const [place] = places.values();
  if (place === undefined) return { holds: () => undefined };
  const ids = sought.map(({ deploymentId }) => deploymentId);
  const [objects, servers] = await Promise.all([objectsOf(place, ids), serversOf([...places.values()])]);
  const environments = new Map(sought.map(({ deploymentId, environmentId }) => [deploymentId, environmentId]));
  return {
    holds(deploymentId, resource) {
      const owners = objects.get(resource.type);
      if (owners !== undefined) return owners.get(resource.physicalId) === deploymentId;
      const own = places.get(environments.get(deploymentId) ?? "");
      return own && servers.get(own.access.databaseUrl)?.holds(deploymentId, resource);
    },
  };
}

/** Who owns each object, by type and name. */
async function objectsOf({ client, identity }: InventoryPlace, ids: readonly string[]) {
  if (identity !== null && (await clusterIdentity(client)) !== identity) {
    throw new Error("Another cluster answers at its address than the one that was registered.");
  }
  const signal = AbortSignal.timeout(DEADLINE_MILLISECONDS);
  const selector = encodeURIComponent(`${DEPLOYMENT_LABEL} in (${ids.join(",")})`);
  const found = new Map<string, Map<string, string | undefined>>();
  // One after the other: nobody waits for it, and the API server has others to serve.
  for (const { type, path } of listed) {
    const options = { what: path.split("/").at(-1) ?? "", path: `${path}?labelSelector=${selector}`, signal };
    const { items } = await listAll<ClusterObject>(client, { ...options, metadataOnly: true });
    found.set(type, new Map(items.map(({ metadata }) => [idOf(metadata), metadata.labels?.[DEPLOYMENT_LABEL]])));
  }
  return found;
}

const idOf = ({ namespace, name }: ClusterObject["metadata"]): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

/** Of one that does not answer nothing is concluded; what is in the cluster is compared all the same. */
async function serversOf(places: readonly InventoryPlace[]): Promise<Map<string | null, Inventory>> {
  const admins = new Map(places.map(({ access, admin }) => [access.databaseUrl, admin]));
  const taken = await Promise.all(
    [...admins].map(async ([url, admin]) => {
      const inventory = await takeServerInventory(admin).catch(() => undefined);
      return inventory && ([url, inventory] as const);
    }),
  );
  return new Map(taken.filter((one) => one !== undefined));
}

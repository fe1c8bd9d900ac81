/** What belongs to a deployment in its cluster and on its database server, recorded or not: found by label and mark. */
import { DEPLOYMENT_LABEL, namespaceName } from "../../../domain/kubernetes-names.ts";
import { ownershipMark } from "../../../domain/names.ts";
import type { ClusterClient } from "../../../kubernetes/client.ts";
import { ClusterFailure } from "../../../kubernetes/failure.ts";
import { listAll } from "../../../kubernetes/follow-list.ts";
import { NAMESPACE_TYPE, namespacedTypes, namespacePath } from "../../../kubernetes/kinds.ts";
import type { ClusterObject, Namespace } from "../../../kubernetes/objects.ts";
import type { OwnedThing, Sweep } from "../../worker/target-driver.ts";
import type { AdminConnection } from "../database-server/admin-connection.ts";
import { dropOwnedOnServer, sweepServer } from "../database-server/owned-on-server.ts";
import { sweep } from "../sweep.ts";
import { untilNamespaceGone } from "./namespace-end.ts";
import { type ClusterIo, patientlyIn } from "./waits.ts";

export interface OwnedDeps {
  admin: AdminConnection;
  client: ClusterClient;
}

/** Looks at the database server and at the cluster. */
export async function findOwnedInCluster({ admin, client }: OwnedDeps, deploymentId: string): Promise<Sweep[]> {
  return Promise.all([
    sweepServer(admin, deploymentId),
    sweep("namespace and label at the API server", `objects labelled ${ownershipMark(deploymentId)}`, async () => {
      const namespaces = await ownNamespaces(client, deploymentId);
      const inside = await Promise.all(
        namespaces.map(({ metadata }) => objectsIn(client, metadata.name, deploymentId)),
      );
      return [
        ...namespaces.map(({ metadata, status }) => ({
          type: NAMESPACE_TYPE,
          physicalId: metadata.name,
          detail: `namespace, ${status?.phase ?? "no phase"}`,
        })),
        ...inside.flat(),
      ];
    }),
  ]);
}

/**
 * Removes whatever `findOwnedInCluster` would find: the namespaces, with all that is in them, and what the server holds.
 * @throws StepFailure NAMESPACE_STUCK with the finalizers that keep a namespace
 */
export async function removeOwnedInCluster(
  { admin, client }: OwnedDeps,
  deploymentId: string,
  io: ClusterIo,
): Promise<void> {
  const namespaces = await patientlyIn(io, () => ownNamespaces(client, deploymentId));
  for (const { metadata } of namespaces) {
    await io.checkLease();
    io.say(`Removing the namespace ${metadata.name}`);
    const path = namespacePath(metadata.name);
    await patientlyIn(io, () => deleteObject(client, path));
    await untilNamespaceGone(client, metadata.name, io);
  }
  await dropOwnedOnServer(admin, deploymentId, () => io.checkLease());
}

/** Deletes an object; one that is gone is fine. @throws ClusterFailure */
export async function deleteObject(client: ClusterClient, path: string, options: object = {}): Promise<void> {
  try {
    const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background", ...options };
    await client.raw("delete an object", { method: "DELETE", path, body });
  } catch (error) {
    if (!(error instanceof ClusterFailure) || error.reason !== "not-found") throw error;
  }
}

/** Those with the deployment's label; its own by name only with that label, or with nobody's: cut short before it was there. */
async function ownNamespaces(client: ClusterClient, deploymentId: string): Promise<Namespace[]> {
  const path = `/api/v1/namespaces?labelSelector=${encodeURIComponent(`${DEPLOYMENT_LABEL}=${deploymentId}`)}`;
  const { items } = await listAll<Namespace>(client, { what: "namespaces", path });
  const name = namespaceName(deploymentId);
  if (items.some(({ metadata }) => metadata.name === name)) return items;
  const { items: named } = await listAll<Namespace>(client, {
    what: "namespaces",
    path: `/api/v1/namespaces?fieldSelector=metadata.name%3D${name}`,
  });
  return [...items, ...named.filter(({ metadata }) => metadata.labels?.[DEPLOYMENT_LABEL] === undefined)];
}

async function objectsIn(client: ClusterClient, namespace: string, deploymentId: string): Promise<OwnedThing[]> {
  const selector = encodeURIComponent(`${DEPLOYMENT_LABEL}=${deploymentId}`);
  const found = await Promise.all(
    namespacedTypes.map(async ({ type, group, plural }) => {
      const path = `${group}/namespaces/${namespace}/${plural}?labelSelector=${selector}`;
      const { items } = await listAll<ClusterObject>(client, { what: plural, path });
      return items.map(({ metadata }) => ({ type, physicalId: `${namespace}/${metadata.name}`, detail: "labelled" }));
    }),
  );
  return found.flat();
}

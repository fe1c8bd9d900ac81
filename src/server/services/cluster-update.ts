/** Other credentials for a registered cluster: tried before they take the place of those that are there. */
import { type ClusterAccess, parseKubeconfig } from "../../domain/cluster-access.ts";
import { OnveraError } from "../../domain/errors.ts";
import type { KubernetesSettings } from "../../domain/kubernetes-settings.ts";
import { clusterFailure } from "../../kubernetes/failure.ts";
import { clusterIdentity } from "../../kubernetes/identity.ts";
import { openDatabaseUrl, sealAccess, sealDatabaseUrl } from "../../store/crypto/cluster-secrets.ts";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import type { Scoped } from "../../store/database.ts";
import type { Cluster } from "../../store/tables/places.ts";
import type { ServerDeps } from "../deps.ts";
import type { UpdateCluster } from "../schemas/clusters.ts";
import { transact } from "../transact.ts";
import { askDatabase } from "./cluster-check.ts";
import { kubernetesInUse, withCluster } from "./cluster-connection.ts";
import { accessFacts, readDatabaseUrl, requireOpen } from "./cluster-input.ts";

export interface TriedCredentials {
  access?: ClusterAccess;
  databaseUrl?: string;
  settings: KubernetesSettings;
  identity: string | null;
}

/**
 * Reads what was sent and tries it at the cluster and its database server; nothing is stored.
 * @param isOperator whether the platform operator sent it: the address may be inside a network then
 * @throws OnveraError VALIDATION_ERROR for what cannot be used, RESOURCE_CONFLICT for what does not work there
 */
export async function tryCredentials(
  deps: ServerDeps,
  cluster: Cluster,
  wanted: UpdateCluster,
  isOperator: boolean,
): Promise<TriedCredentials> {
  let settings = kubernetesInUse(cluster);
  let { identity } = cluster;
  const tried: Pick<TriedCredentials, "access" | "databaseUrl"> = {};
  if (wanted.kubeconfig !== undefined) {
    const access = parseKubeconfig(wanted.kubeconfig);
    // The address that the operator gave stays what it was, whoever gives the credentials.
    const isTrusted = isOperator || (settings.is_trusted && access.server === settings.server);
    const trust = { isTrusted, privateHosts: deps.privateClusterHosts };
    await requireOpen(new URL(access.server).hostname, "/kubeconfig", { isOperator: isTrusted, ...trust });
    identity = await answering(access, trust, identity);
    settings = { ...settings, ...accessFacts(access, { isOperator: isTrusted }) };
    tried.access = access;
  }
  if (wanted.database_url !== undefined) {
    await tryDatabase(deps, cluster, wanted.database_url, settings.is_trusted);
    tried.databaseUrl = wanted.database_url;
  }
  return { ...tried, settings, identity };
}

/**
 * Puts them in the place of those that are there; the report of the last check was about the others and goes.
 * @throws OnveraError RESOURCE_CONFLICT when the cluster was abandoned or removed meanwhile
 */
export async function replaceCredentials(
  db: Scoped,
  dataKeys: DataKeys,
  cluster: Cluster,
  { access, databaseUrl, settings, identity }: TriedCredentials,
): Promise<Cluster> {
  const row = await db
    .updateTable("clusters")
    .set({
      settings: JSON.stringify(settings),
      identity,
      preflight: null,
      ...(access && { access: await sealAccess(db, dataKeys, cluster, access) }),
      ...(databaseUrl !== undefined && { database_url: await sealDatabaseUrl(db, dataKeys, cluster, databaseUrl) }),
    })
    .where("id", "=", cluster.id)
    .where("abandoned_at", "is", null)
    .where("removed_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (!row) throw refused("The cluster was abandoned or removed meanwhile.");
  return row;
}

/** @returns the identity of the cluster that answers @throws OnveraError RESOURCE_CONFLICT when none does, or another one */
async function answering(
  access: ClusterAccess,
  trust: { isTrusted: boolean; privateHosts: readonly string[] },
  known: string | null,
): Promise<string | null> {
  let identity: string | null;
  try {
    identity = await withCluster(access, trust, clusterIdentity);
  } catch (error) {
    throw refused(clusterFailure(error, "answer").message, error);
  }
  if (known !== null && identity !== known) {
    throw refused("The kubeconfig leads to another cluster than the one that was registered.");
  }
  return identity;
}

async function tryDatabase(deps: ServerDeps, cluster: Cluster, wanted: string, isTrusted: boolean): Promise<void> {
  const { host, port } = readDatabaseUrl(wanted);
  const before = readDatabaseUrl(await transact(deps, null, (db) => openDatabaseUrl(db, deps.dataKeys, cluster)));
  if (host !== before.host || port !== before.port) {
    throw refused(
      `The databases of deployments are at ${before.host}:${before.port}; another server cannot take its place.`,
    );
  }
  const { result, detail } = await askDatabase(wanted, isTrusted, deps.privateClusterHosts);
  if (result === "missing") throw refused(detail);
}

const refused = (reason: string, cause?: unknown) =>
  new OnveraError("RESOURCE_CONFLICT", { message: `${reason} Nothing was changed`, cause });

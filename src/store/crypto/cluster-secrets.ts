/** The secrets of a Kubernetes cluster: how it is reached and its database server's administrator, sealed for whoever owns it. */
import { ClusterAccess } from "../../domain/cluster-access.ts";
import { type SealedValue, seal, unseal } from "../../domain/envelope.ts";
import type { Scoped } from "../database.ts";
import type { Cluster, Environment } from "../tables/places.ts";
import type { DataKeys } from "./data-keys.ts";
import { clusterAccessPlace, databaseUrlPlace } from "./places.ts";

/** A cluster's id, and its owner: null is the platform. */
type Owned = Pick<Cluster, "id" | "organization_id">;

/** @returns the column `clusters.access`, as JSON */
export const sealAccess = (db: Scoped, dataKeys: DataKeys, cluster: Owned, access: ClusterAccess): Promise<string> =>
  sealed(db, dataKeys, cluster, { place: clusterAccessPlace(cluster.id), text: JSON.stringify(access) });

/** @param owner the cluster, or the environment that has a database server of its own @returns the column, as JSON */
export const sealDatabaseUrl = (db: Scoped, dataKeys: DataKeys, owner: Owned, url: string): Promise<string> =>
  sealed(db, dataKeys, owner, { place: databaseUrlPlace(owner.id), text: url });

/** @throws ClusterAbandoned when it is held no longer */
export async function openAccess(
  db: Scoped,
  dataKeys: DataKeys,
  cluster: Pick<Cluster, "id" | "name" | "access">,
): Promise<ClusterAccess> {
  if (cluster.access === null) throw new ClusterAbandoned(cluster.name);
  const text = await opened(db, dataKeys, cluster.access, clusterAccessPlace(cluster.id));
  return ClusterAccess.parse(JSON.parse(text));
}

/**
 * The administrator's connection to the database server of an environment: its own, or its cluster's.
 * @throws ClusterAbandoned when it is held no longer
 */
export async function openDatabaseUrl(
  db: Scoped,
  dataKeys: DataKeys,
  cluster: Pick<Cluster, "id" | "name" | "database_url">,
  environment?: Pick<Environment, "id" | "database_url">,
): Promise<string> {
  const owner = environment?.database_url ? environment : cluster;
  if (owner.database_url === null) throw new ClusterAbandoned(cluster.name);
  return opened(db, dataKeys, owner.database_url, databaseUrlPlace(owner.id));
}

/** The secrets are gone: the cluster was given up. */
export class ClusterAbandoned extends Error {
  override readonly name = "ClusterAbandoned";
  constructor(cluster: string) {
    super(`Cluster ${cluster} was abandoned: nothing is held that it could be reached with.`);
  }
}

async function sealed(
  db: Scoped,
  dataKeys: DataKeys,
  owner: Owned,
  { place, text }: { place: string; text: string },
): Promise<string> {
  return JSON.stringify(seal(await dataKeys.current(db, owner.organization_id), text, place));
}

const opened = async (db: Scoped, dataKeys: DataKeys, value: SealedValue, place: string): Promise<string> =>
  unseal(await dataKeys.byId(db, value.kid), value, place).toString("utf8");

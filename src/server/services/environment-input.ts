/** What a dedicated environment has of its own, made into what is stored. */
import { OnveraError } from "../../domain/errors.ts";
import type { EnvironmentSettings } from "../../domain/kubernetes-settings.ts";
import type { Cluster } from "../../store/tables/places.ts";
import type { CreateEnvironment } from "../schemas/organization.ts";
import { readDatabaseUrl } from "./cluster-input.ts";

export interface OwnPlace {
  settings: EnvironmentSettings;
  databaseUrl: string | undefined;
}

/**
 * Reads an environment's own database server, nodes and classes.
 * @throws OnveraError VALIDATION_ERROR when it has some and is not a dedicated one on a Kubernetes cluster
 */
export function readOwnPlace(wanted: CreateEnvironment): OwnPlace {
  const { database_url: databaseUrl, database_address: address } = wanted;
  if (address !== undefined && databaseUrl === undefined) {
    throw fault("/database_address", "It belongs to a database_url of the environment's own.");
  }
  const database = databaseUrl === undefined ? undefined : (address ?? readDatabaseUrl(databaseUrl));
  const settings = {
    ...(database && { database }),
    ...(wanted.ingress_class !== undefined && { ingress_class: wanted.ingress_class }),
    ...(wanted.storage_class !== undefined && { storage_class: wanted.storage_class }),
    ...(wanted.node_selector && { node_selector: wanted.node_selector }),
    ...(wanted.tolerations && { tolerations: wanted.tolerations }),
  };
  if (Object.keys(settings).length > 0 && wanted.isolation_level !== "dedicated") {
    throw fault("/isolation_level", "Only a dedicated environment has nodes, classes or a database server of its own.");
  }
  return { settings, databaseUrl };
}

/** @throws OnveraError VALIDATION_ERROR where the cluster has nothing that could be an environment's own */
export function requireKubernetes({ settings }: OwnPlace, cluster: Cluster): void {
  if (cluster.kind === "kubernetes" || Object.keys(settings).length === 0) return;
  throw fault("/cluster_id", "Nodes, classes and a database server of its own need a Kubernetes cluster.");
}

const fault = (pointer: string, message: string): OnveraError =>
  new OnveraError("VALIDATION_ERROR", { message: `${pointer}: ${message}`, fields: [{ pointer, message }] });

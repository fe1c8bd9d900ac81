/** Where deployments can stand. */
import type { Generated, Selectable } from "kysely";
import type { SealedValue } from "../../domain/envelope.ts";
import type { PreflightReport } from "../../domain/preflight-report.ts";
import type { Json, NullableJson, NullableTimestamp, Timestamp } from "./columns.ts";

export interface ClustersTable {
  id: string;
  organization_id: string | null;
  kind: "local" | "kubernetes" | "eks";
  name: string;
  domain: string;
  node: string | null;
  settings: Json<Record<string, unknown>>;
  /** A ClusterAccess as JSON, sealed; null for a local cluster and an abandoned one. */
  access: NullableJson<SealedValue>;
  /** The administrator's connection to its database server, sealed. */
  database_url: NullableJson<SealedValue>;
  /** UID of its namespace kube-system, the same as long as the cluster lives; null before it was first asked. */
  identity: Generated<string | null>;
  /** The report of the last check. */
  preflight: NullableJson<PreflightReport>;
  /** Given up because it is gone; its secrets are forgotten. */
  abandoned_at: NullableTimestamp;
  /** Taken from the platform; the row stays for the destroyed deployments that name it. */
  removed_at: NullableTimestamp;
  created_at: Timestamp;
}

export interface EnvironmentsTable {
  id: string;
  organization_id: string;
  project_id: string | null;
  name: string;
  slug: string;
  is_default: Generated<boolean>;
  owner: "system" | "organization" | "preview";
  isolation_level: "shared" | "dedicated" | "byoc";
  cluster_id: string;
  /** Of a dedicated environment's own database server, sealed; the cluster's when null. */
  database_url: NullableJson<SealedValue>;
  settings: Json<Record<string, unknown>>;
  created_at: Timestamp;
}

export type Cluster = Selectable<ClustersTable>;

export type Environment = Selectable<EnvironmentsTable>;

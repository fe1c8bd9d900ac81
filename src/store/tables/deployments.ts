/** Deployments, what they were wanted to be, and how they are. */
import type { ColumnType, Generated, Selectable } from "kysely";
import type { DeploymentSpec } from "../../domain/deployment-spec.ts";
import type { DeploymentStatus } from "../../domain/deployment-status.ts";
import type { SealedMember } from "../../domain/envelope.ts";
import type { BigInteger, Json, NullableTimestamp, RequiredJson, Timestamp } from "./columns.ts";

/** A lasting remark on a deployment, for example `update_failed` (TN-3, TN-11). */
export interface Condition {
  type: string;
  status: "true" | "false" | "unknown";
  reason: string;
  message: string;
  since: string;
}

export interface DeploymentsTable {
  id: string;
  organization_id: string;
  environment_id: string;
  name: string;
  app_type: string;
  host_label: string;
  wanted_revision: Generated<number>;
  applied_revision: number | null;
  protected: Generated<boolean>;
  conditions: Json<Condition[]>;
  /** Outputs of the last run; secret ones are held sealed in custody, never here. */
  outputs: Json<Record<string, unknown>>;
  /** Rises with each change of the row; the ETag derives from it. */
  version: BigInteger;
  created_by: string | null;
  created_at: Timestamp;
  first_ready_at: NullableTimestamp;
  failed_at: NullableTimestamp;
  destroy_requested_at: NullableTimestamp;
  destroyed_at: NullableTimestamp;
  /** State and reality may differ since then; the next change looks every resource up first. */
  refresh_needed_since: NullableTimestamp;
  /** Digest of what the last successful run was made from; null before it was recorded. */
  applied_input: string | null;
  /** Computed by the database from the timestamps above (ON-38). */
  status: ColumnType<DeploymentStatus, never, never>;
}

type Sealable<T, Names extends keyof T> = Omit<T, Names> & { [Name in Names]: T[Name] | SealedMember };
type AirflowSpec = NonNullable<DeploymentSpec["airflow"]>;

/** A spec as it is stored: what may hold a customer's secrets is sealed, unless it is empty or older than the sealing. */
export type StoredSpec = Omit<Sealable<DeploymentSpec, "environment_variables">, "superset" | "airflow"> & {
  superset?: Sealable<NonNullable<DeploymentSpec["superset"]>, "config"> | undefined;
  airflow?:
    | (Omit<Sealable<AirflowSpec, "connections" | "variables">, "dags"> & {
        dags?: Sealable<NonNullable<AirflowSpec["dags"]>, "url"> | undefined;
      })
    | undefined;
};

export interface DeploymentSpecsTable {
  deployment_id: string;
  organization_id: string;
  revision: number;
  spec: RequiredJson<StoredSpec>;
  created_by: string | null;
  created_at: Timestamp;
}

/** The last health seen of each deployment; a change of it is told to webhooks by a trigger. */
export interface DeploymentHealthTable {
  deployment_id: string;
  organization_id: string;
  status: string;
  detail: string;
  since: Timestamp;
}

export type Deployment = Selectable<DeploymentsTable>;

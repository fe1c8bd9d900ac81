/** The tables of schema `onvera` as Kysely types; src/store/migrations is where they are made. */
import type { ColumnType, Generated, JSONColumnType, Selectable } from "kysely";
import type { DeploymentSpec } from "../domain/deployment-spec.ts";
import type { DeploymentStatus } from "../domain/deployment-status.ts";
import type { SealedMember, SealedValue } from "../domain/envelope.ts";
import type { GroupRole } from "../domain/group-roles.ts";
import type { ProjectRole } from "../domain/membership.ts";
import type { OperationError, OperationSlot, OperationStatus } from "../domain/operation.ts";
import type { PreflightReport } from "../domain/preflight-report.ts";

type Timestamp = ColumnType<Date, Date | string | undefined, Date | string>;
type NullableTimestamp = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
type Json<T> = ColumnType<T, string | undefined, string>;
type RequiredJson<T> = ColumnType<T, string, string>;
type NullableJson<T> = ColumnType<T | null, string | null | undefined, string | null>;
/** bigint columns come back as numbers: src/store/database.ts sets the parser. */
type BigInteger = ColumnType<number, number | undefined, number>;

export interface Actor {
  kind: "user" | "api_key" | "service_account" | "system";
  id: string;
  name: string;
}

export interface InstallationTable {
  key: string;
  value: JSONColumnType<Record<string, unknown>>;
  updated_at: Timestamp;
}

export interface OrganizationsTable {
  id: string;
  name: string;
  slug: string;
  created_at: Timestamp;
}

export interface UsersTable {
  id: string;
  email: string;
  name: string;
  password_hash: string | null;
  is_platform_operator: Generated<boolean>;
  disabled_at: NullableTimestamp;
  created_at: Timestamp;
  /** Told by the id (`sva_…`); the database computes it. */
  is_service_account: ColumnType<boolean, never, never>;
}

/** What a service account has beside its row among the people, which holds its name. */
export interface ServiceAccountsTable {
  id: string;
  organization_id: string;
  description: string;
  created_by: string;
  created_at: Timestamp;
  deleted_at: NullableTimestamp;
}

export interface MembershipsTable {
  organization_id: string;
  user_id: string;
  role: "owner" | "admin" | "developer" | "viewer";
  created_at: Timestamp;
}

export interface InvitationsTable {
  id: string;
  organization_id: string;
  email: string;
  role: MembershipsTable["role"];
  token_hash: Buffer;
  invited_by: string;
  created_at: Timestamp;
  expires_at: ColumnType<Date, Date | string, Date | string>;
  accepted_at: NullableTimestamp;
  accepted_by: string | null;
  revoked_at: NullableTimestamp;
}

/** A mail that waits to be sent, or what became of it. */
export interface MailsTable {
  id: string;
  organization_id: string;
  invitation_id: string;
  recipient: string;
  sealed: NullableJson<SealedValue>;
  status: Generated<"pending" | "sent" | "failed">;
  attempts: Generated<number>;
  next_at: Timestamp;
  error: string | null;
  created_at: Timestamp;
  ended_at: NullableTimestamp;
}

export interface ProjectRolesTable {
  organization_id: string;
  project_id: string;
  user_id: string;
  role: "admin" | "developer" | "viewer";
  created_at: Timestamp;
}

export interface ProjectsTable {
  id: string;
  organization_id: string;
  name: string;
  slug: string;
  created_at: Timestamp;
}

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

export interface WorkersTable {
  id: string;
  node: string;
  host: string;
  pid: number;
  capabilities: string[];
  slots: number;
  version: string;
  started_at: Timestamp;
  heartbeat_at: Timestamp;
  draining_since: NullableTimestamp;
  stopped_at: NullableTimestamp;
  /** The newest format of spec and input it understands (`SPEC_FORMAT` of its version). */
  spec_format: Generated<number>;
  operation_types: Generated<string[]>;
  /** An operator asked it to take nothing more. */
  drain_requested_at: NullableTimestamp;
}

/** Whose turn it is, and how much may be under way; null is the installation's default. */
export interface OrganizationQueuesTable {
  organization_id: string;
  claimed_at: NullableTimestamp;
  running_limit: number | null;
  queued_limit: number | null;
}

/** The engine process of a running operation, enough to prove it is gone. */
export interface ProcessRecord {
  host: string;
  pid: number;
  processGroup: number;
  startTime: string;
  /** The process whose provider calls it makes, which may outlive it. */
  provider?: { pid: number; startTime: string };
}

export interface OperationsTable {
  id: string;
  organization_id: string;
  type: string;
  slot: OperationSlot;
  resource_type: string;
  resource_id: string;
  status: Generated<OperationStatus>;
  step: string | null;
  phase: Generated<string>;
  message: Generated<string>;
  input: Json<Record<string, unknown>>;
  result: NullableJson<Record<string, unknown>>;
  error: NullableJson<OperationError>;
  capability: string;
  attempt: Generated<number>;
  not_before: Timestamp;
  lease_owner: string | null;
  lease_generation: BigInteger;
  lease_until: NullableTimestamp;
  process: NullableJson<ProcessRecord>;
  irreversible_at: NullableTimestamp;
  cancel_requested_at: NullableTimestamp;
  requested_by: RequiredJson<Actor>;
  origin: string;
  request_id: string | null;
  requested_at: Timestamp;
  started_at: NullableTimestamp;
  ended_at: NullableTimestamp;
  next_event_seq: BigInteger;
  /** W3C trace context of the request; the database takes it from the transaction. */
  traceparent: Generated<string | null>;
  /** The format of spec and input a worker must understand. */
  spec_format: Generated<number>;
}

export interface OperationEventsTable {
  operation_id: string;
  seq: BigInteger;
  organization_id: string;
  at: Timestamp;
  type: string;
  data: RequiredJson<Record<string, unknown>>;
}

export interface StackFencesTable {
  stack_name: string;
  generation: BigInteger;
  operation_id: string | null;
  updated_at: Timestamp;
}

/** A stack's state as it was written; made by a trigger, `data` is null where the state was removed. */
export interface StateVersionsTable {
  version: Generated<number>;
  stack_name: string;
  generation: BigInteger;
  written_at: Timestamp;
  bytes: number;
  sha256: string | null;
  data: NullableJson<{ data: string }>;
}

export interface CreateIntentsTable {
  stack_name: string;
  urn: string;
  type: string;
  physical_name: string;
  operation_id: string;
  generation: BigInteger;
  created_at: Timestamp;
  settled_at: NullableTimestamp;
}

export interface DeploymentResourcesTable {
  deployment_id: string;
  organization_id: string;
  urn: string;
  type: string;
  physical_id: string;
  phase: string | null;
  parent_urn: string | null;
  /** URNs. */
  dependencies: Generated<string[]>;
  first_seen_at: Timestamp;
  last_seen_at: Timestamp;
  deleted_at: NullableTimestamp;
}

export interface ReceiptItem {
  /** Empty for what no record names. */
  urn: string;
  type: string;
  physical_id: string;
  found: "absent" | "present" | "unknown" | "retained";
  looked_up_by: string;
  detail: string;
  /** `record` when left out, as in receipts of older versions. */
  listed_by?: "record" | "owner_mark";
  /** ISO 8601; the receipt's own time when left out. */
  looked_up_at?: string;
}

export interface DestroyReceiptsTable {
  deployment_id: string;
  organization_id: string;
  operation_id: string;
  items: RequiredJson<ReceiptItem[]>;
  written_at: Timestamp;
}

export interface DataKeysTable {
  id: string;
  organization_id: string | null;
  master_key_id: string;
  wrapped: RequiredJson<SealedValue>;
  created_at: Timestamp;
  retired_at: NullableTimestamp;
}

export interface CustodySecretsTable {
  owner_id: string;
  organization_id: string;
  name: string;
  version: number;
  sealed: RequiredJson<SealedValue>;
  created_at: Timestamp;
  retired_at: NullableTimestamp;
}

export interface ApiKeysTable {
  id: string;
  organization_id: string;
  user_id: string;
  name: string;
  hash: Buffer;
  hint: string;
  scopes: string[];
  expires_at: NullableTimestamp;
  revoked_at: NullableTimestamp;
  last_used_at: NullableTimestamp;
  created_at: Timestamp;
  /** The key that a rotation put in its place. */
  replaced_by: string | null;
}

/** A sign-in of the command line that a person lets in, or not, by the dashboard. */
export interface CliLoginsTable {
  id: string;
  /** Shown by both, for the person to compare. */
  code: string;
  client: string;
  secret_hash: Buffer;
  created_at: Timestamp;
  expires_at: Date;
  status: Generated<"pending" | "approved" | "denied" | "used">;
  user_id: Generated<string | null>;
  organization_id: Generated<string | null>;
  scopes: Generated<string[] | null>;
}

export interface SessionsTable {
  id: string;
  user_id: string;
  organization_id: string | null;
  refresh_hash: Buffer;
  previous_refresh_hash: Buffer | null;
  user_agent: string | null;
  created_at: Timestamp;
  refreshed_at: Timestamp;
  expires_at: Timestamp;
  revoked_at: NullableTimestamp;
  /** The organization whose provider opened it, and the only one it is good in; null for a password's. */
  confined_to: Generated<string | null>;
}

/** An organization's own identity provider. */
export interface IdentityProvidersTable {
  organization_id: string;
  version: string;
  issuer: string;
  client_id: string;
  sealed_secret: NullableJson<SealedValue>;
  scopes: string[];
  group_claim: string;
  group_roles: RequiredJson<GroupRole[]>;
  default_role: ProjectRole | null;
  just_in_time: boolean;
  sso_only: boolean;
  updated_at: Timestamp;
}

export interface ProviderIdentitiesTable {
  organization_id: string;
  issuer: string;
  subject: string;
  user_id: string;
  created_at: Timestamp;
}

/** A sign-in that a browser began and has not come back from; `id` is the hash of the browser's secret. */
export interface ProviderSignInsTable {
  id: Buffer;
  organization_id: string;
  provider_version: string;
  redirect_uri: string;
  expires_at: Date;
}

export interface SigningKeysTable {
  kid: string;
  algorithm: string;
  public_jwk: RequiredJson<Record<string, unknown>>;
  sealed_private: RequiredJson<SealedValue>;
  created_at: Timestamp;
  retired_at: NullableTimestamp;
}

/** What the OpenID provider remembers for minutes: sign-ins under way, codes, tokens. */
export interface ProviderRecordsTable {
  /** SHA-256 over kind and identifier: the identifier itself may be a token. */
  id: string;
  kind: string;
  sealed: RequiredJson<SealedValue>;
  uid: string | null;
  grant_id: string | null;
  consumed_at: NullableTimestamp;
  created_at: Timestamp;
  expires_at: Date;
}

export interface IdempotencyKeysTable {
  organization_id: string;
  caller: string;
  route: string;
  key: string;
  fingerprint: Buffer;
  status: number | null;
  body: NullableJson<unknown>;
  headers: NullableJson<Record<string, string>>;
  created_at: Timestamp;
}

export interface AuditEventsTable {
  seq: Generated<number>;
  organization_id: string | null;
  at: Timestamp;
  actor: RequiredJson<Actor>;
  origin: string;
  request_id: string | null;
  action: string;
  target_type: string | null;
  target_id: string | null;
  change: NullableJson<Record<string, unknown>>;
  outcome: Generated<string>;
  /** Place in its chain, from 1, and the hash over it and the event before; made by the database at commit. */
  position: ColumnType<number | null, never, never>;
  hash: ColumnType<Buffer | null, never, never>;
}

/** The newest link of an organization's chain of audit events; '' is the installation's. */
export interface AuditChainsTable {
  organization_id: string;
  position: ColumnType<number, never, never>;
  hash: ColumnType<Buffer, never, never>;
}

/** Samples of a deployment over five minutes or two hours, as arrays (src/store/metric-blocks.ts). */
export interface MetricBlocksTable {
  deployment_id: string;
  organization_id: string;
  resolution_seconds: number;
  starts_at: Timestamp;
  last_at: Timestamp;
  offsets: number[];
  series: string[];
  readings: (number | null)[];
}

/** A webhook's secret; `until` is set on one that a newer one has replaced, ISO 8601. */
export interface StoredSecret {
  sealed: SealedValue;
  until: string | null;
}

export interface WebhookEndpointsTable {
  id: string;
  organization_id: string;
  url: string;
  description: string;
  events: string[];
  secrets: RequiredJson<StoredSecret[]>;
  failing_since: NullableTimestamp;
  disabled_at: NullableTimestamp;
  disabled_reason: string | null;
  created_at: Timestamp;
  updated_at: Timestamp;
}

export interface WebhookMessagesTable {
  id: string;
  organization_id: string;
  type: string;
  body: string;
  created_at: Timestamp;
}

export interface WebhookTry {
  at: string;
  status: number | null;
  error: string | null;
  response: string;
  milliseconds: number;
}

export interface WebhookDeliveriesTable {
  id: string;
  organization_id: string;
  endpoint_id: string;
  message_id: string;
  status: Generated<"pending" | "succeeded" | "failed">;
  attempts: Generated<number>;
  next_at: Timestamp;
  log: Json<WebhookTry[]>;
  created_at: Timestamp;
  ended_at: NullableTimestamp;
}

/** The last health seen of each deployment; a change of it is told to webhooks by a trigger. */
export interface DeploymentHealthTable {
  deployment_id: string;
  organization_id: string;
  status: string;
  detail: string;
  since: Timestamp;
}

/** When the people of a deployment's app are to be looked at again, and what the last look came to. */
export interface AccessSyncsTable {
  deployment_id: string;
  organization_id: string;
  /** Rises with each change of who may be in. */
  wanted_version: BigInteger;
  /** What the last good sync began with. */
  synced_version: BigInteger;
  due_at: Timestamp;
  /** In a row. */
  failures: Generated<number>;
  error_code: string | null;
  error_message: string | null;
  checked_at: NullableTimestamp;
  closed_at: NullableTimestamp;
}

/** Somebody whom Onvera put into an app, as they were last seen there. */
export interface AppPeopleTable {
  deployment_id: string;
  organization_id: string;
  username: string;
  /** The app's own; null once they may not enter any more. */
  role: string | null;
  since: Timestamp;
  error: string | null;
  error_at: NullableTimestamp;
}

export interface Tables {
  installation: InstallationTable;
  organizations: OrganizationsTable;
  users: UsersTable;
  memberships: MembershipsTable;
  identity_providers: IdentityProvidersTable;
  provider_identities: ProviderIdentitiesTable;
  provider_sign_ins: ProviderSignInsTable;
  service_accounts: ServiceAccountsTable;
  invitations: InvitationsTable;
  mails: MailsTable;
  project_roles: ProjectRolesTable;
  projects: ProjectsTable;
  clusters: ClustersTable;
  environments: EnvironmentsTable;
  deployments: DeploymentsTable;
  deployment_specs: DeploymentSpecsTable;
  workers: WorkersTable;
  organization_queues: OrganizationQueuesTable;
  operations: OperationsTable;
  operation_events: OperationEventsTable;
  stack_fences: StackFencesTable;
  state_versions: StateVersionsTable;
  create_intents: CreateIntentsTable;
  deployment_resources: DeploymentResourcesTable;
  destroy_receipts: DestroyReceiptsTable;
  data_keys: DataKeysTable;
  custody_secrets: CustodySecretsTable;
  api_keys: ApiKeysTable;
  sessions: SessionsTable;
  cli_logins: CliLoginsTable;
  signing_keys: SigningKeysTable;
  provider_records: ProviderRecordsTable;
  idempotency_keys: IdempotencyKeysTable;
  audit_events: AuditEventsTable;
  audit_chains: AuditChainsTable;
  metric_blocks: MetricBlocksTable;
  webhook_endpoints: WebhookEndpointsTable;
  webhook_messages: WebhookMessagesTable;
  webhook_deliveries: WebhookDeliveriesTable;
  deployment_health: DeploymentHealthTable;
  access_syncs: AccessSyncsTable;
  app_people: AppPeopleTable;
}

export type Deployment = Selectable<DeploymentsTable>;
export type Operation = Selectable<OperationsTable>;
export type Environment = Selectable<EnvironmentsTable>;
export type Cluster = Selectable<ClustersTable>;

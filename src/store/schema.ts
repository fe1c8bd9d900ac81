/** The tables of schema `onvera` as Kysely types, by their names; src/store/migrations is where they are made, ./tables says what is in them. */
import type { AccessSyncsTable, AppPeopleTable } from "./tables/access.ts";
import type { AuditChainsTable, AuditEventsTable } from "./tables/audit.ts";
import type { DeploymentHealthTable, DeploymentSpecsTable, DeploymentsTable } from "./tables/deployments.ts";
import type { MetricBlocksTable } from "./tables/metrics.ts";
import type { IdempotencyKeysTable, OperationEventsTable, OperationsTable, WorkersTable } from "./tables/operations.ts";
import type {
  InstallationTable,
  OrganizationQueuesTable,
  OrganizationsTable,
  ProjectsTable,
} from "./tables/organizations.ts";
import type {
  InvitationsTable,
  MailsTable,
  MembershipsTable,
  ProjectRolesTable,
  ServiceAccountsTable,
  UsersTable,
} from "./tables/people.ts";
import type { ClustersTable, EnvironmentsTable } from "./tables/places.ts";
import type { CustodySecretsTable, DataKeysTable } from "./tables/secrets.ts";
import type {
  ApiKeysTable,
  CliLoginsTable,
  IdentityProvidersTable,
  ProviderIdentitiesTable,
  ProviderRecordsTable,
  ProviderSignInsTable,
  SessionsTable,
  SigningKeysTable,
} from "./tables/sign-in.ts";
import type {
  CreateIntentsTable,
  DeploymentResourcesTable,
  DestroyReceiptsTable,
  StackFencesTable,
  StateVersionsTable,
} from "./tables/stacks.ts";
import type { WebhookDeliveriesTable, WebhookEndpointsTable, WebhookMessagesTable } from "./tables/webhooks.ts";

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

/**
 * The first schema. Facts that later work cannot add afterwards are here from the start: organization_id on every
 * tenant table with row-level security, leases and generations, the fence on Pulumi's state, ownership intents, audit.
 *
 * Two scopes reach the tenant tables, set per transaction (src/store/scope.ts):
 *   onvera.organization_id  one organization's rows
 *   onvera.scope=platform   all rows; for workers, sign-in and the platform operator
 */
import { type Kysely, sql } from "kysely";
import { createAppRole, grantsToAppRole } from "../app-role.ts";

/** Tables that carry organization_id and stand behind row-level security. */
const tenantTables = [
  "projects",
  "environments",
  "deployments",
  "deployment_specs",
  "operations",
  "operation_events",
  "deployment_resources",
  "destroy_receipts",
  "custody_secrets",
  "api_keys",
  "memberships",
  "idempotency_keys",
  "audit_events",
] as const;

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
  for (const table of tenantTables) await sql.raw(rowLevelSecurity(table)).execute(db);
  for (const statement of applicationRole) await sql.raw(statement).execute(db);
}

/** The role every scoped transaction takes on: owns nothing, so row-level security always binds it. */
const applicationRole = [createAppRole, ...grantsToAppRole];

const rowLevelSecurity = (table: string): string => `
  ALTER TABLE onvera.${table} ENABLE ROW LEVEL SECURITY;
  ALTER TABLE onvera.${table} FORCE ROW LEVEL SECURITY;
  CREATE POLICY organization_rows ON onvera.${table} USING (
    current_setting('onvera.scope', true) = 'platform'
    OR organization_id = current_setting('onvera.organization_id', true)
  );`;

const statements = [
  `CREATE SCHEMA IF NOT EXISTS onvera`,

  `CREATE TABLE onvera.installation (
    key text PRIMARY KEY,
    value jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
  )`,

  `CREATE TABLE onvera.organizations (
    id text PRIMARY KEY,
    name text NOT NULL,
    slug text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
  )`,

  `CREATE TABLE onvera.users (
    id text PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text,
    is_platform_operator boolean NOT NULL DEFAULT false,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE UNIQUE INDEX users_email ON onvera.users (lower(email))`,

  `CREATE TABLE onvera.memberships (
    organization_id text NOT NULL REFERENCES onvera.organizations,
    user_id text NOT NULL REFERENCES onvera.users,
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'viewer')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, user_id)
  )`,

  `CREATE TABLE onvera.projects (
    id text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES onvera.organizations,
    name text NOT NULL,
    slug text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, slug)
  )`,

  `CREATE TABLE onvera.clusters (
    id text PRIMARY KEY,
    organization_id text REFERENCES onvera.organizations,
    kind text NOT NULL CHECK (kind IN ('local', 'kubernetes', 'eks')),
    name text NOT NULL,
    domain text NOT NULL,
    node text,
    settings jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE UNIQUE INDEX clusters_one_per_node ON onvera.clusters (node) WHERE kind = 'local'`,

  `CREATE TABLE onvera.environments (
    id text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES onvera.organizations,
    project_id text REFERENCES onvera.projects,
    name text NOT NULL,
    slug text NOT NULL,
    is_default boolean NOT NULL DEFAULT false,
    owner text NOT NULL CHECK (owner IN ('system', 'organization', 'preview')),
    isolation_level text NOT NULL CHECK (isolation_level IN ('shared', 'dedicated', 'byoc')),
    cluster_id text NOT NULL REFERENCES onvera.clusters,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, slug)
  )`,
  `CREATE UNIQUE INDEX environments_one_default ON onvera.environments (organization_id) WHERE is_default`,
  // ON-01: the unique index keeps a second default out, this trigger keeps the last one in.
  `CREATE FUNCTION onvera.keep_default_environment() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF TG_OP = 'DELETE' THEN
      RAISE EXCEPTION 'The default environment cannot be deleted' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT NEW.is_default OR NEW.organization_id <> OLD.organization_id OR NEW.owner <> 'system' THEN
      RAISE EXCEPTION 'The default environment stays the default' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
  END $$`,
  `CREATE TRIGGER keep_default_environment BEFORE UPDATE OR DELETE ON onvera.environments
    FOR EACH ROW WHEN (OLD.is_default) EXECUTE FUNCTION onvera.keep_default_environment()`,
  `CREATE FUNCTION onvera.require_default_environment() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE defaults integer;
  BEGIN
    SELECT count(*) INTO defaults FROM onvera.environments WHERE organization_id = NEW.id AND is_default;
    IF defaults <> 1 THEN
      RAISE EXCEPTION 'Organization % needs exactly one default environment', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
  END $$`,
  `CREATE CONSTRAINT TRIGGER require_default_environment AFTER INSERT ON onvera.organizations
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION onvera.require_default_environment()`,

  // The status is computed from what happened (ON-38); no statement can set it.
  `CREATE TABLE onvera.deployments (
    id text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES onvera.organizations,
    environment_id text NOT NULL REFERENCES onvera.environments,
    name text NOT NULL,
    app_type text NOT NULL,
    host_label text NOT NULL,
    wanted_revision integer NOT NULL DEFAULT 1,
    applied_revision integer,
    protected boolean NOT NULL DEFAULT false,
    conditions jsonb NOT NULL DEFAULT '[]',
    outputs jsonb NOT NULL DEFAULT '{}',
    version bigint NOT NULL DEFAULT 1,
    created_by text,
    created_at timestamptz NOT NULL DEFAULT now(),
    first_ready_at timestamptz,
    failed_at timestamptz,
    destroy_requested_at timestamptz,
    destroyed_at timestamptz,
    status text NOT NULL GENERATED ALWAYS AS (
      CASE
        WHEN destroyed_at IS NOT NULL THEN 'destroyed'
        WHEN destroy_requested_at IS NOT NULL THEN 'destroying'
        WHEN failed_at IS NOT NULL THEN 'failed'
        WHEN first_ready_at IS NOT NULL THEN 'ready'
        ELSE 'provisioning'
      END
    ) STORED
  )`,
  // ON-10: a host belongs to one deployment for ever, tombstones included.
  `CREATE UNIQUE INDEX deployments_host ON onvera.deployments (host_label)`,
  `CREATE INDEX deployments_page ON onvera.deployments (organization_id, created_at DESC, id DESC)`,
  // TN-11, the same table as src/domain/deployment-status.ts.
  `CREATE FUNCTION onvera.check_deployment_transition() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF OLD.status = NEW.status THEN RETURN NULL; END IF;
    IF (OLD.status, NEW.status) IN (
      ('provisioning', 'ready'), ('provisioning', 'failed'), ('provisioning', 'destroying'),
      ('ready', 'destroying'), ('failed', 'destroying'), ('destroying', 'destroyed')
    ) THEN RETURN NULL; END IF;
    RAISE EXCEPTION 'Illegal deployment transition % to %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
  END $$`,
  `CREATE TRIGGER check_deployment_transition AFTER UPDATE ON onvera.deployments
    FOR EACH ROW EXECUTE FUNCTION onvera.check_deployment_transition()`,
  `CREATE FUNCTION onvera.keep_deployment_identity() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF (NEW.id, NEW.organization_id, NEW.environment_id, NEW.app_type, NEW.host_label, NEW.created_at)
      IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.environment_id, OLD.app_type, OLD.host_label, OLD.created_at) THEN
      RAISE EXCEPTION 'The identity of a deployment never changes' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
  END $$`,
  `CREATE TRIGGER keep_deployment_identity BEFORE UPDATE ON onvera.deployments
    FOR EACH ROW EXECUTE FUNCTION onvera.keep_deployment_identity()`,

  `CREATE TABLE onvera.deployment_specs (
    deployment_id text NOT NULL REFERENCES onvera.deployments,
    organization_id text NOT NULL,
    revision integer NOT NULL,
    spec jsonb NOT NULL,
    created_by text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (deployment_id, revision)
  )`,

  `CREATE TABLE onvera.workers (
    id text PRIMARY KEY,
    node text NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    capabilities text[] NOT NULL,
    slots integer NOT NULL,
    version text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    heartbeat_at timestamptz NOT NULL DEFAULT now(),
    draining_since timestamptz,
    stopped_at timestamptz
  )`,

  `CREATE TABLE onvera.operations (
    id text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES onvera.organizations,
    type text NOT NULL,
    -- changing: takes the resource's slot; destroy: the one destroy; reading: takes no slot
    slot text NOT NULL CHECK (slot IN ('changing', 'destroy', 'reading')),
    resource_type text NOT NULL,
    resource_id text NOT NULL,
    status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'canceled')),
    -- prepare, up, wait_ready, finalize … ; where a resumed operation goes on
    step text,
    phase text NOT NULL DEFAULT 'initializing',
    message text NOT NULL DEFAULT 'Waiting in the queue',
    input jsonb NOT NULL DEFAULT '{}',
    result jsonb,
    error jsonb,
    capability text NOT NULL,
    attempt integer NOT NULL DEFAULT 0,
    not_before timestamptz NOT NULL DEFAULT now(),
    lease_owner text,
    lease_generation bigint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    process jsonb,
    irreversible_at timestamptz,
    cancel_requested_at timestamptz,
    requested_by jsonb NOT NULL,
    origin text NOT NULL,
    request_id text,
    requested_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    ended_at timestamptz,
    next_event_seq bigint NOT NULL DEFAULT 1,
    CHECK ((status IN ('succeeded', 'failed', 'canceled')) = (ended_at IS NOT NULL))
  )`,
  `CREATE UNIQUE INDEX operations_one_changing ON onvera.operations (resource_id)
    WHERE slot = 'changing' AND status IN ('queued', 'running')`,
  `CREATE UNIQUE INDEX operations_one_destroy ON onvera.operations (resource_id)
    WHERE slot = 'destroy' AND status IN ('queued', 'running')`,
  `CREATE INDEX operations_claim ON onvera.operations (capability, not_before, requested_at) WHERE status = 'queued'`,
  `CREATE INDEX operations_running ON onvera.operations (lease_until) WHERE status = 'running'`,
  `CREATE INDEX operations_page ON onvera.operations (organization_id, requested_at DESC, id DESC)`,
  `CREATE INDEX operations_of_resource ON onvera.operations (resource_id, requested_at DESC)`,
  // ON-13: terminal statuses never change.
  `CREATE FUNCTION onvera.keep_operation_end() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF OLD.ended_at IS NOT NULL AND NEW.status <> OLD.status THEN
      RAISE EXCEPTION 'Operation % has ended as %', OLD.id, OLD.status USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.status = 'running' AND NEW.status = 'queued' AND NEW.lease_generation <= OLD.lease_generation AND OLD.lease_owner IS NOT NULL THEN
      RAISE EXCEPTION 'Operation % goes back to the queue only with a new generation', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
  END $$`,
  `CREATE TRIGGER keep_operation_end BEFORE UPDATE ON onvera.operations
    FOR EACH ROW EXECUTE FUNCTION onvera.keep_operation_end()`,
  `CREATE FUNCTION onvera.announce_operation() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF NEW.status = 'queued' THEN PERFORM pg_notify('onvera_queue', NEW.capability); END IF;
    IF NEW.cancel_requested_at IS NOT NULL AND (TG_OP = 'INSERT' OR OLD.cancel_requested_at IS NULL) THEN
      PERFORM pg_notify('onvera_cancel', NEW.id);
    END IF;
    PERFORM pg_notify('onvera_operation', NEW.id);
    RETURN NULL;
  END $$`,
  `CREATE TRIGGER announce_operation AFTER INSERT OR UPDATE OF status, phase, message, cancel_requested_at, not_before ON onvera.operations
    FOR EACH ROW EXECUTE FUNCTION onvera.announce_operation()`,

  `CREATE TABLE onvera.operation_events (
    operation_id text NOT NULL REFERENCES onvera.operations,
    seq bigint NOT NULL,
    organization_id text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    type text NOT NULL,
    data jsonb NOT NULL,
    PRIMARY KEY (operation_id, seq)
  )`,

  // One row per stack; the generation only grows. The state trigger compares every write with it.
  `CREATE TABLE onvera.stack_fences (
    stack_name text PRIMARY KEY,
    generation bigint NOT NULL,
    operation_id text,
    updated_at timestamptz NOT NULL DEFAULT now()
  )`,

  // A committed line before each create, so that a killed create is looked for (NH-03).
  `CREATE TABLE onvera.create_intents (
    stack_name text NOT NULL,
    urn text NOT NULL,
    type text NOT NULL,
    physical_name text NOT NULL,
    operation_id text NOT NULL,
    generation bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    PRIMARY KEY (stack_name, urn)
  )`,

  // Every resource ever recorded for a stack: the list a destroy receipt works through (NH-01).
  `CREATE TABLE onvera.deployment_resources (
    deployment_id text NOT NULL,
    organization_id text NOT NULL,
    urn text NOT NULL,
    type text NOT NULL,
    physical_id text NOT NULL,
    phase text,
    parent_urn text,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    PRIMARY KEY (deployment_id, urn, physical_id)
  )`,

  `CREATE TABLE onvera.destroy_receipts (
    deployment_id text PRIMARY KEY,
    organization_id text NOT NULL,
    operation_id text NOT NULL,
    items jsonb NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
  )`,

  // Envelope encryption: data keys wrapped by the master key, values sealed by a data key (docs/security.md).
  `CREATE TABLE onvera.data_keys (
    id text PRIMARY KEY,
    organization_id text,
    master_key_id text NOT NULL,
    wrapped jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz
  )`,
  // Long-lived app keys, stack keys, admin passwords: outside the stack, so that they survive it (NH-07).
  `CREATE TABLE onvera.custody_secrets (
    owner_id text NOT NULL,
    organization_id text NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    sealed jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz,
    PRIMARY KEY (owner_id, name, version)
  )`,

  `CREATE TABLE onvera.api_keys (
    id text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES onvera.organizations,
    user_id text NOT NULL REFERENCES onvera.users,
    name text NOT NULL,
    hash bytea NOT NULL UNIQUE,
    hint text NOT NULL,
    scopes text[] NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
  )`,

  `CREATE TABLE onvera.sessions (
    id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES onvera.users,
    organization_id text,
    refresh_hash bytea NOT NULL UNIQUE,
    previous_refresh_hash bytea,
    user_agent text,
    created_at timestamptz NOT NULL DEFAULT now(),
    refreshed_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
  )`,
  `CREATE TABLE onvera.signing_keys (
    kid text PRIMARY KEY,
    algorithm text NOT NULL,
    public_jwk jsonb NOT NULL,
    sealed_private jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz
  )`,

  `CREATE TABLE onvera.idempotency_keys (
    organization_id text NOT NULL,
    caller text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status integer,
    body jsonb,
    headers jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, caller, route, key)
  )`,

  `CREATE TABLE onvera.audit_events (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id text,
    at timestamptz NOT NULL DEFAULT now(),
    actor jsonb NOT NULL,
    origin text NOT NULL,
    request_id text,
    action text NOT NULL,
    target_type text,
    target_id text,
    change jsonb,
    outcome text NOT NULL DEFAULT 'done'
  )`,
  `CREATE INDEX audit_page ON onvera.audit_events (organization_id, seq DESC)`,
  `CREATE FUNCTION onvera.audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'Audit events are append-only' USING ERRCODE = 'insufficient_privilege';
  END $$`,
  `CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON onvera.audit_events
    FOR EACH ROW EXECUTE FUNCTION onvera.audit_is_append_only()`,
];

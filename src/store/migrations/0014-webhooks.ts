/**
 * Webhooks: endpoints, messages and their deliveries. Triggers write a message in the transaction that ends an operation or
 * changes a deployment's health, whoever does it: neither exists without the other.
 */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
  for (const table of tables) await sql.raw(rowLevelSecurity(table)).execute(db);
}

const tables = ["webhook_endpoints", "webhook_messages", "webhook_deliveries", "deployment_health"] as const;

const rowLevelSecurity = (table: string): string => `
  ALTER TABLE onvera.${table} ENABLE ROW LEVEL SECURITY;
  ALTER TABLE onvera.${table} FORCE ROW LEVEL SECURITY;
  CREATE POLICY organization_rows ON onvera.${table} USING (
    current_setting('onvera.scope', true) = 'platform'
    OR organization_id = current_setting('onvera.organization_id', true)
  );`;

const statements = [
  `CREATE TABLE onvera.webhook_endpoints (
    id text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES onvera.organizations,
    url text NOT NULL,
    description text NOT NULL,
    -- Empty: every event.
    events text[] NOT NULL,
    -- Newest first: {sealed, until}; the one before stays good for a while after a rotation.
    secrets jsonb NOT NULL,
    failing_since timestamptz,
    disabled_at timestamptz,
    disabled_reason text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE INDEX webhook_endpoints_page ON onvera.webhook_endpoints (organization_id, created_at DESC, id DESC)`,
  `CREATE TABLE onvera.webhook_messages (
    id text PRIMARY KEY,
    organization_id text NOT NULL,
    type text NOT NULL,
    -- The body as it is sent and signed.
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE INDEX webhook_messages_age ON onvera.webhook_messages (created_at)`,
  `CREATE TABLE onvera.webhook_deliveries (
    id text PRIMARY KEY,
    organization_id text NOT NULL,
    endpoint_id text NOT NULL REFERENCES onvera.webhook_endpoints ON DELETE CASCADE,
    message_id text NOT NULL REFERENCES onvera.webhook_messages ON DELETE CASCADE,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'succeeded', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT now(),
    -- Of each try: {at, status, error, response, milliseconds}; the newest ones.
    log jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
  )`,
  `CREATE INDEX webhook_deliveries_due ON onvera.webhook_deliveries (next_at) WHERE status = 'pending'`,
  `CREATE INDEX webhook_deliveries_page ON onvera.webhook_deliveries (endpoint_id, created_at DESC, id DESC)`,
  `CREATE INDEX webhook_deliveries_of_message ON onvera.webhook_deliveries (message_id)`,

  // The last health that was seen of each deployment, by the node's worker.
  `CREATE TABLE onvera.deployment_health (
    deployment_id text PRIMARY KEY REFERENCES onvera.deployments,
    organization_id text NOT NULL,
    status text NOT NULL,
    detail text NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
  )`,

  // As src/domain/ids.ts makes them: sorted by creation.
  `CREATE FUNCTION onvera.uuid_v7() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
      PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid::text
  $$`,
  `CREATE FUNCTION onvera.announce_webhook(organization text, event text, facts jsonb) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE message text := 'msg_' || onvera.uuid_v7();
  BEGIN
    IF NOT EXISTS (SELECT FROM onvera.webhook_endpoints WHERE organization_id = organization AND disabled_at IS NULL
      AND (events = '{}' OR event = ANY (events))) THEN RETURN; END IF;
    INSERT INTO onvera.webhook_messages (id, organization_id, type, body) VALUES (message, organization, event,
      jsonb_build_object('type', event, 'timestamp', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'data', facts)::text);
    INSERT INTO onvera.webhook_deliveries (id, organization_id, endpoint_id, message_id)
      SELECT 'whd_' || onvera.uuid_v7(), organization, id, message FROM onvera.webhook_endpoints
      WHERE organization_id = organization AND disabled_at IS NULL AND (events = '{}' OR event = ANY (events));
    PERFORM pg_notify('onvera_webhook', 'webhook');
  END $$`,
  `CREATE FUNCTION onvera.announce_operation_end() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM onvera.announce_webhook(NEW.organization_id, 'operation.' || NEW.status, jsonb_build_object(
      'organization_id', NEW.organization_id, 'operation_id', NEW.id, 'operation_type', NEW.type, 'status', NEW.status,
      'resource_type', NEW.resource_type, 'resource_id', NEW.resource_id, 'requested_by', NEW.requested_by,
      'error', CASE WHEN NEW.error IS NULL THEN NULL ELSE jsonb_build_object('code', NEW.error -> 'code',
        'message', NEW.error -> 'message', 'cause', NEW.error -> 'cause', 'next_step', NEW.error -> 'next_step') END));
    RETURN NULL;
  END $$`,
  `CREATE TRIGGER announce_operation_end AFTER UPDATE OF status ON onvera.operations
    FOR EACH ROW WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL)
    EXECUTE FUNCTION onvera.announce_operation_end()`,
  `CREATE FUNCTION onvera.announce_health_change() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM onvera.announce_webhook(NEW.organization_id, 'deployment.health_changed', jsonb_build_object(
      'organization_id', NEW.organization_id, 'deployment_id', NEW.deployment_id, 'health', NEW.status,
      'before', OLD.status, 'detail', NEW.detail));
    RETURN NULL;
  END $$`,
  `CREATE TRIGGER announce_health_change AFTER UPDATE OF status ON onvera.deployment_health
    FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION onvera.announce_health_change()`,
];

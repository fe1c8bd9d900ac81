/**
 * The audit log as a chain: each event carries a hash over itself and the hash of the event before it, one chain per
 * organization and one for the installation. The head of a chain stands beside it, so that a cut-off end is seen too.
 *
 * The link is made when the transaction commits: whoever waits for a chain holds nothing that others still ask for.
 */
import { type Kysely, sql } from "kysely";
import { appRoleSql } from "../app-role.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

// Whatever is granted to the application's role, only functions of the owner's write what makes the chain.
const byOwner =
  "current_user = (SELECT pg_get_userbyid(relowner) FROM pg_catalog.pg_class WHERE pg_class.oid = TG_RELID)";

const statements = [
  `ALTER TABLE onvera.audit_events ADD COLUMN position bigint, ADD COLUMN hash bytea`,
  `CREATE UNIQUE INDEX audit_position ON onvera.audit_events ((COALESCE(organization_id, '')), position)`,
  `CREATE TABLE onvera.audit_chains (
    -- The installation's own chain has the empty name.
    organization_id text PRIMARY KEY,
    position bigint NOT NULL,
    hash bytea NOT NULL
  ) WITH (fillfactor = 50)`,
  `ALTER TABLE onvera.audit_chains ENABLE ROW LEVEL SECURITY`,
  `ALTER TABLE onvera.audit_chains FORCE ROW LEVEL SECURITY`,
  `CREATE POLICY organization_rows ON onvera.audit_chains USING (
    current_setting('onvera.scope', true) = 'platform'
    OR organization_id = current_setting('onvera.organization_id', true)
  )`,

  // What a hash is made of: every column, the moment in microseconds, as one JSON array.
  `CREATE FUNCTION onvera.audit_text(event onvera.audit_events, place bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_array(
      place, event.seq, event.organization_id, (extract(epoch FROM event.at) * 1000000)::bigint, event.actor,
      event.origin, event.request_id, event.action, event.target_type, event.target_id, event.change, event.outcome
    )::text
  $$`,
  `CREATE FUNCTION onvera.link_audit_event() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = onvera, pg_temp AS $$
  DECLARE
    scope_before text := current_setting('onvera.scope', true);
    place bigint;
    link bytea;
  BEGIN
    PERFORM set_config('onvera.scope', 'platform', true);
    INSERT INTO audit_chains AS head (organization_id, position, hash)
      VALUES (COALESCE(NEW.organization_id, ''), 1, sha256(convert_to(audit_text(NEW, 1), 'UTF8')))
      ON CONFLICT (organization_id) DO UPDATE SET
        position = head.position + 1,
        hash = sha256(head.hash || convert_to(audit_text(NEW, head.position + 1), 'UTF8'))
      RETURNING head.position, head.hash INTO place, link;
    UPDATE audit_events SET position = place, hash = link WHERE seq = NEW.seq;
    PERFORM set_config('onvera.scope', COALESCE(scope_before, ''), true);
    RETURN NULL;
  END $$`,
  `CREATE CONSTRAINT TRIGGER link_audit_event AFTER INSERT ON onvera.audit_events
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.hash IS NULL) EXECUTE FUNCTION onvera.link_audit_event()`,

  `CREATE FUNCTION onvera.audit_begins_unlinked() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF NOT ${byOwner} THEN
      NEW.position := NULL;
      NEW.hash := NULL;
      NEW.at := now();
    END IF;
    RETURN NEW;
  END $$`,
  `CREATE TRIGGER audit_begins_unlinked BEFORE INSERT ON onvera.audit_events
    FOR EACH ROW EXECUTE FUNCTION onvera.audit_begins_unlinked()`,
  `CREATE OR REPLACE FUNCTION onvera.audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF TG_OP = 'UPDATE' AND OLD.hash IS NULL AND ${byOwner}
      AND to_jsonb(NEW) - '{position,hash}'::text[] = to_jsonb(OLD) - '{position,hash}'::text[] THEN RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Audit events are append-only' USING ERRCODE = 'insufficient_privilege';
  END $$`,
  `CREATE TRIGGER audit_is_never_emptied BEFORE TRUNCATE ON onvera.audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION onvera.audit_is_append_only()`,
  `CREATE FUNCTION onvera.audit_chain_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF TG_OP IN ('INSERT', 'UPDATE') AND ${byOwner} THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'Only an audit event moves the head of its chain' USING ERRCODE = 'insufficient_privilege';
  END $$`,
  `CREATE TRIGGER audit_chain_is_kept BEFORE INSERT OR UPDATE OR DELETE ON onvera.audit_chains
    FOR EACH ROW EXECUTE FUNCTION onvera.audit_chain_is_kept()`,

  // Events from before are linked in the order of their numbers.
  `SELECT set_config('onvera.scope', 'platform', true)`,
  `DO $$
  DECLARE
    event onvera.audit_events;
    place bigint;
    link bytea;
  BEGIN
    FOR event IN SELECT * FROM onvera.audit_events ORDER BY seq LOOP
      INSERT INTO onvera.audit_chains AS head (organization_id, position, hash)
        VALUES (COALESCE(event.organization_id, ''), 1, sha256(convert_to(onvera.audit_text(event, 1), 'UTF8')))
        ON CONFLICT (organization_id) DO UPDATE SET
          position = head.position + 1,
          hash = sha256(head.hash || convert_to(onvera.audit_text(event, head.position + 1), 'UTF8'))
        RETURNING head.position, head.hash INTO place, link;
      UPDATE onvera.audit_events SET position = place, hash = link WHERE seq = event.seq;
    END LOOP;
  END $$`,
  // The default privileges gave more than reading.
  `DO $$ BEGIN EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON onvera.audit_chains FROM %I', ${appRoleSql}); END $$`,
];

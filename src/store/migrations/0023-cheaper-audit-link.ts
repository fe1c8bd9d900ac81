/**
 * The link of an audit event costs less: the head of a chain that exists is moved without trying to make it first, and
 * what must not change is compared as it is stored. And ended operations are found by when they ended.
 */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const byOwner =
  "current_user = (SELECT pg_get_userbyid(relowner) FROM pg_catalog.pg_class WHERE pg_class.oid = TG_RELID)";

const statements = [
  `CREATE OR REPLACE FUNCTION onvera.link_audit_event() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = onvera, pg_temp AS $$
  DECLARE
    scope_before text := current_setting('onvera.scope', true);
    chain text := COALESCE(NEW.organization_id, '');
    place bigint;
    link bytea;
  BEGIN
    PERFORM set_config('onvera.scope', 'platform', true);
    UPDATE audit_chains SET
        position = position + 1,
        hash = sha256(hash || convert_to(audit_text(NEW, position + 1), 'UTF8'))
      WHERE organization_id = chain
      RETURNING position, hash INTO place, link;
    IF NOT FOUND THEN
      -- Its first event, unless another transaction's came first.
      INSERT INTO audit_chains AS head (organization_id, position, hash)
        VALUES (chain, 1, sha256(convert_to(audit_text(NEW, 1), 'UTF8')))
        ON CONFLICT (organization_id) DO UPDATE SET
          position = head.position + 1,
          hash = sha256(head.hash || convert_to(audit_text(NEW, head.position + 1), 'UTF8'))
        RETURNING head.position, head.hash INTO place, link;
    END IF;
    UPDATE audit_events SET position = place, hash = link WHERE seq = NEW.seq;
    PERFORM set_config('onvera.scope', COALESCE(scope_before, ''), true);
    RETURN NULL;
  END $$`,
  `CREATE OR REPLACE FUNCTION onvera.audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE
    unlinked onvera.audit_events;
  BEGIN
    IF TG_OP = 'UPDATE' AND OLD.hash IS NULL AND ${byOwner} THEN
      unlinked := NEW;
      unlinked.position := OLD.position;
      unlinked.hash := OLD.hash;
      IF unlinked IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'Audit events are append-only' USING ERRCODE = 'insufficient_privilege';
  END $$`,
  `CREATE INDEX operations_ended ON onvera.operations (ended_at, id) WHERE ended_at IS NOT NULL`,
];

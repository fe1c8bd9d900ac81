/**
 * Schema `pulumi`: the table of Pulumi's own PostgreSQL backend, and the fence in front of it.
 *
 * The CLI runs `CREATE … IF NOT EXISTS` on table and index at each start, so its role must own both. That role owns
 * nothing else. The trigger runs as the migrator's role, which is the one that may read the fence rows.
 */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // One role per control-plane database, so that two installations on one server do not share a password.
  `DO $$
  DECLARE state_role text := current_database() || '_state';
  BEGIN
    BEGIN
      EXECUTE format('CREATE ROLE %I LOGIN CONNECTION LIMIT 200', state_role);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    IF NOT pg_has_role(current_user, state_role, 'MEMBER') THEN
      EXECUTE format('GRANT %I TO %I', state_role, current_user);
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), state_role);
    EXECUTE format('CREATE SCHEMA pulumi AUTHORIZATION %I', state_role);
  END $$`,

  // Exactly what the CLI's backend creates (pkg/backend/diy/postgres/schema.sql at 3.248.0).
  `CREATE TABLE pulumi.pulumi_state (
    key TEXT PRIMARY KEY,
    data JSON NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now()
  )`,
  `CREATE INDEX pulumi_state_key_prefix_idx ON pulumi.pulumi_state (key text_pattern_ops)`,

  // `<database>/.pulumi/{stacks,history,backups}/onvera/<stack>…`: the stack of a key, null for what belongs to none.
  `CREATE FUNCTION onvera.state_key_stack(key text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT substring(key FROM '\\.pulumi/(?:stacks|history|backups)/[^/]+/([A-Za-z0-9_-]+)')
  $$`,
  `CREATE FUNCTION onvera.check_state_fence() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = onvera, pg_temp AS $$
  DECLARE
    written_key text := CASE TG_OP WHEN 'DELETE' THEN OLD.key ELSE NEW.key END;
    session_generation bigint := NULLIF(current_setting('onvera.generation', true), '')::bigint;
    stack text := onvera.state_key_stack(written_key);
    fence_generation bigint;
  BEGIN
    -- Removing a lock changes no state, and the worker that took over must be able to.
    IF TG_OP = 'DELETE' AND written_key LIKE '%.pulumi/locks/%' THEN RETURN OLD; END IF;
    IF session_generation IS NULL THEN
      RAISE EXCEPTION 'State is written by an Onvera operation only: this session has no generation'
        USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF stack IS NOT NULL THEN
      -- FOR SHARE against the bump's FOR UPDATE: no write of an older generation commits after a bump.
      SELECT generation INTO fence_generation FROM stack_fences WHERE stack_name = stack FOR SHARE;
      IF fence_generation IS DISTINCT FROM session_generation THEN
        RAISE EXCEPTION 'Stale write to stack %: generation % was replaced by %', stack, session_generation, fence_generation
          USING ERRCODE = 'insufficient_privilege';
      END IF;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
  END $$`,
  `CREATE TRIGGER check_state_fence BEFORE INSERT OR UPDATE OR DELETE ON pulumi.pulumi_state
    FOR EACH ROW EXECUTE FUNCTION onvera.check_state_fence()`,

  `DO $$
  DECLARE state_role text := current_database() || '_state';
  BEGIN
    EXECUTE format('ALTER TABLE pulumi.pulumi_state OWNER TO %I', state_role);
  END $$`,
];

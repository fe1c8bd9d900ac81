/**
 * Versions of each stack's state, kept by the database itself: whatever is written, by whichever worker, is kept as it
 * was written. What a disk, a hand or a fault of the engine does to the newest state can so be undone (R14).
 */
import { type Kysely, sql } from "kysely";
import { appRoleSql } from "../app-role.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

/** Of the run under way: each of its writes is one step. */
const KEPT_OF_NEWEST_RUN = 5;
/** Runs of which the last write is kept. */
const KEPT_RUNS = 10;
/** A stack's versions together, bytes; the two newest are kept whatever their size. */
const KEPT_BYTES = 16 * 1024 * 1024;

const statements = [
  `CREATE TABLE onvera.state_versions (
    version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stack_name text NOT NULL,
    -- Rises with each run of the stack; 0 where a session without a generation got past the fence.
    generation bigint NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    bytes integer NOT NULL,
    sha256 text,
    -- Null: the state was removed.
    data json
  )`,
  `CREATE INDEX state_versions_of_stack ON onvera.state_versions (stack_name, version DESC)`,

  // Not forced: the trigger below writes as the owner, whoever's session it runs in.
  `ALTER TABLE onvera.state_versions ENABLE ROW LEVEL SECURITY`,
  `CREATE POLICY platform_rows ON onvera.state_versions USING (current_setting('onvera.scope', true) = 'platform')`,
  `DO $$ BEGIN EXECUTE format('REVOKE INSERT, UPDATE ON onvera.state_versions FROM %I', ${appRoleSql}); END $$`,

  `CREATE FUNCTION onvera.keep_state_version() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = onvera, pg_temp AS $$
  DECLARE
    written_key text := CASE TG_OP WHEN 'DELETE' THEN OLD.key ELSE NEW.key END;
    written json := CASE TG_OP WHEN 'DELETE' THEN NULL ELSE NEW.data END;
    stack text := onvera.state_key_stack(written_key);
    session_generation bigint := COALESCE(NULLIF(current_setting('onvera.generation', true), '')::bigint, 0);
  BEGIN
    IF stack IS NULL OR written_key NOT LIKE '%/.pulumi/stacks/%.json' THEN RETURN NULL; END IF;
    INSERT INTO state_versions (stack_name, generation, bytes, sha256, data) VALUES (
      stack, session_generation, COALESCE(octet_length(written::text), 0),
      encode(sha256(convert_to(written::text, 'UTF8')), 'hex'), written
    );
    DELETE FROM state_versions WHERE version IN (
      SELECT version FROM (
        SELECT version,
          dense_rank() OVER (ORDER BY generation DESC) AS run,
          row_number() OVER (PARTITION BY generation ORDER BY version DESC) AS of_run,
          row_number() OVER (ORDER BY version DESC) AS place,
          sum(bytes) OVER (ORDER BY version DESC) AS together
        FROM state_versions WHERE stack_name = stack
      ) kept
      WHERE place > 2
        AND (run > ${KEPT_RUNS} OR of_run > CASE run WHEN 1 THEN ${KEPT_OF_NEWEST_RUN} ELSE 1 END OR together > ${KEPT_BYTES})
    );
    RETURN NULL;
  END $$`,
  `CREATE TRIGGER keep_state_version AFTER INSERT OR UPDATE OR DELETE ON pulumi.pulumi_state
    FOR EACH ROW EXECUTE FUNCTION onvera.keep_state_version()`,

  // Set where state and reality may differ (a restore); the next change looks every resource up first and clears it.
  `ALTER TABLE onvera.deployments ADD COLUMN refresh_needed_since timestamptz`,
];

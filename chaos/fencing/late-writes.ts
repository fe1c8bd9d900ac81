/**
 * Whether a writer whose generation is over wrote something: a counter of its own in front of and behind the fence, and a
 * picture of everything that is kept of a stack, taken before it wakes up and after it had its say. SQL of its own.
 */
import type pg from "pg";
import { inSession } from "../crash-matrix/state-hold.ts";

/** Sequences are not rolled back: a write that was refused leaves its mark too. */
const statements = `
CREATE SEQUENCE chaos.late_tried MINVALUE 0 START 0;
CREATE SEQUENCE chaos.late_accepted MINVALUE 0 START 0;
CREATE FUNCTION chaos.count_late() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = onvera, pg_temp AS $$
DECLARE
  written text := CASE TG_OP WHEN 'DELETE' THEN OLD.key ELSE NEW.key END;
  own bigint := NULLIF(current_setting('onvera.generation', true), '')::bigint;
  current bigint;
BEGIN
  SELECT generation INTO current FROM stack_fences WHERE stack_name = state_key_stack(written);
  IF own < current THEN PERFORM nextval(TG_ARGV[0]::regclass); END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER b_count_late BEFORE INSERT OR UPDATE OR DELETE ON pulumi.pulumi_state
  FOR EACH ROW EXECUTE FUNCTION chaos.count_late('chaos.late_tried');
CREATE TRIGGER z_count_late AFTER INSERT OR UPDATE OR DELETE ON pulumi.pulumi_state
  FOR EACH ROW EXECUTE FUNCTION chaos.count_late('chaos.late_accepted');
`;

/** The CLI runs where it runs: a lock is given to another host in its place. */
const foreignLocks = `
CREATE FUNCTION chaos.foreign_lock() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE content jsonb := convert_from(decode(NEW.data ->> 'data', 'base64'), 'UTF8')::jsonb;
BEGIN
  NEW.data := json_build_object('data', replace(encode(convert_to(
    (content || '{"hostname": "elsewhere"}')::text, 'UTF8'), 'base64'), E'\\n', ''));
  RETURN NEW;
END $$;
CREATE TRIGGER a_foreign_lock BEFORE INSERT ON pulumi.pulumi_state
  FOR EACH ROW WHEN (NEW.key LIKE '%/.pulumi/locks/%.json') EXECUTE FUNCTION chaos.foreign_lock();
`;

/** Puts the counters into a control database in which states can be held. @param connectionString of the superuser */
export async function installLateWriteCounters(connectionString: string, options: { foreign: boolean }): Promise<void> {
  await inSession(connectionString, async (client) => {
    await client.query(statements);
    if (options.foreign) await client.query(foreignLocks);
  });
}

export interface LateWrites {
  tried: number;
  accepted: number;
}

/** What was counted since the installation. */
export async function countLateWrites(connectionString: string): Promise<LateWrites> {
  return inSession(connectionString, async (client) => {
    const { rows } = await client.query<LateWrites>(
      `SELECT (SELECT last_value + is_called::int FROM chaos.late_tried)::int AS tried,
         (SELECT last_value + is_called::int FROM chaos.late_accepted)::int AS accepted`,
    );
    return rows[0] ?? { tried: 0, accepted: 0 };
  });
}

/** Where each table keeps what belongs to a stack. */
const kept: Readonly<Record<string, string>> = {
  "onvera.deployments": "id = $1",
  "onvera.deployment_specs": "deployment_id = $1",
  "onvera.deployment_resources": "deployment_id = $1",
  "onvera.destroy_receipts": "deployment_id = $1",
  "onvera.operations": "resource_id = $1",
  "onvera.operation_events": "operation_id IN (SELECT id FROM onvera.operations WHERE resource_id = $1)",
  "onvera.create_intents": "stack_name = $1",
  "onvera.stack_fences": "stack_name = $1",
  "onvera.state_versions": "stack_name = $1",
  "pulumi.pulumi_state": "position($1 in key) > 0",
};

/** A digest of every row of the stack, by table. */
export async function pictureOf(connectionString: string, stack: string): Promise<Record<string, string>> {
  return inSession(connectionString, async (client) => {
    const picture: Record<string, string> = {};
    for (const [table, where] of Object.entries(kept)) {
      const { rows } = await client.query<{ digest: string }>(
        `SELECT md5(string_agg(one::text, '' ORDER BY one::text)) AS digest FROM ${table} one WHERE ${where}`,
        [stack],
      );
      picture[table] = rows[0]?.digest ?? "";
    }
    return picture;
  });
}

/** Resolves when the worker has renewed its heartbeat twice: whatever it wanted to write at waking it has written. */
export async function untilHeard(connectionString: string, workerId: string, milliseconds: number): Promise<void> {
  await inSession(connectionString, async (client) => {
    const deadline = performance.now() + milliseconds;
    for (let heard = 0, last = await heartbeat(client, workerId); heard < 2; ) {
      if (performance.now() > deadline) throw new Error(`Worker ${workerId} was not heard of after it woke up`);
      await client.query("SELECT pg_sleep(0.05)");
      const now = await heartbeat(client, workerId);
      if (now === last) continue;
      last = now;
      heard += 1;
    }
  });
}

async function heartbeat(client: pg.Client, workerId: string): Promise<string | undefined> {
  const { rows } = await client.query<{ at: string }>(
    "SELECT heartbeat_at::text AS at FROM onvera.workers WHERE id = $1",
    [workerId],
  );
  return rows[0]?.at;
}

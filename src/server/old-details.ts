/** What ended operations tell in detail is kept for a season; how they went, and how they ended, stays. */
import { sql } from "kysely";
import type { Scoped, Store } from "../store/database.ts";

const KEPT_DAYS = 90;
/** Single resources, lines of log, diagnoses; phases, attempts, statuses, choices and the end are the history that stays. */
const details = ["resource", "diagnostic", "log", "step"] as const;
const AT_ONCE = 500;
const CURSOR = "details_forgotten";

/**
 * Removes the details of operations that ended long ago. How far it came is remembered, so that nothing is looked at twice;
 * of several servers one does it at a time.
 * @returns of how many operations
 */
export async function forgetDetails(store: Store): Promise<number> {
  for (let forgotten = 0; ; ) {
    const looked = await store.asPlatform(forgetSome);
    forgotten += looked;
    if (looked < AT_ONCE) return forgotten;
  }
}

async function forgetSome(db: Scoped): Promise<number> {
  await sql`INSERT INTO installation (key, value) VALUES (${CURSOR}, '{}') ON CONFLICT DO NOTHING`.execute(db);
  const { rows } = await sql<{ id: string; ended_at: string }>`
    WITH cursor AS (SELECT value FROM installation WHERE key = ${CURSOR} FOR UPDATE)
    SELECT o.id, o.ended_at::text AS ended_at FROM cursor, operations o
    WHERE o.ended_at < now() - make_interval(days => ${KEPT_DAYS})
      AND (o.ended_at, o.id) > (COALESCE((cursor.value->>'ended_at')::timestamptz, '-infinity'), COALESCE(cursor.value->>'id', ''))
    ORDER BY o.ended_at, o.id LIMIT ${AT_ONCE}`.execute(db);
  const last = rows.at(-1);
  if (last === undefined) return 0;
  const ids = rows.map(({ id }) => id);
  await sql`DELETE FROM operation_events WHERE operation_id = ANY(${ids}) AND type = ANY(${[...details]})`.execute(db);
  await sql`UPDATE installation SET value = ${JSON.stringify(last)}::jsonb, updated_at = now() WHERE key = ${CURSOR}`.execute(
    db,
  );
  return rows.length;
}

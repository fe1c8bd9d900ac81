/** Workers as an operator sees them, and the wish that one takes nothing more. The worker itself acts on the wish. */
import { type Selectable, sql } from "kysely";
import { OnveraError } from "../../domain/errors.ts";
import { parseId } from "../../domain/ids.ts";
import type { Scoped } from "../../store/database.ts";
import type { WorkersTable } from "../../store/tables/operations.ts";

/** A worker's row, and how many operations it has under way. */
export type WorkerRow = Selectable<WorkersTable> & { operations: number };

const MOST = 200;

/** Workers that run or ran of late, the liveliest first. Needs the platform's sight. */
export function listWorkers(db: Scoped): Promise<WorkerRow[]> {
  return workers(db).orderBy("heartbeat_at", "desc").limit(MOST).execute();
}

/**
 * Asks a worker to take nothing more, or to go on; it hears of it when the transaction commits.
 * @throws OnveraError WORKER_NOT_FOUND, or RESOURCE_CONFLICT for one that has ended
 */
export async function askToDrain(db: Scoped, idText: string, wanted: boolean): Promise<WorkerRow> {
  const id = parseId("worker", idText) ?? "";
  const found = await workers(db).where("id", "=", id).forUpdate().executeTakeFirst();
  if (found === undefined) throw new OnveraError("WORKER_NOT_FOUND");
  if (found.stopped_at !== null) {
    throw new OnveraError("RESOURCE_CONFLICT", { message: "The worker has ended. A new one registers when it starts" });
  }
  const since = wanted ? sql<Date>`COALESCE(drain_requested_at, now())` : null;
  await db.updateTable("workers").set({ drain_requested_at: since }).where("id", "=", id).execute();
  await sql`SELECT pg_notify('onvera_worker', ${id})`.execute(db);
  return workers(db).where("id", "=", id).executeTakeFirstOrThrow();
}

/** The running ones alone are counted, along their own index. */
const workers = (db: Scoped) =>
  db
    .selectFrom("workers")
    .selectAll()
    .select(
      sql<number>`(SELECT count(*) FROM operations WHERE status = 'running' AND lease_owner = workers.id)`.as(
        "operations",
      ),
    );

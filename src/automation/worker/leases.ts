/** Keeps the worker's leases and its own row alive, and takes back operations whose worker went silent. */
import { sql } from "kysely";
import type { Store } from "../../store/database.ts";
import { countLeaseLosses } from "../../store/lease-losses.ts";
import type { Operation } from "../../store/tables/operations.ts";
import { appendEvents } from "../operations/event-log.ts";
import { putBack } from "../operations/finish.ts";

export interface WorkerIdentity {
  id: string;
  node: string;
  host: string;
  pid: number;
  capabilities: readonly string[];
  slots: number;
  version: string;
  knows: { types: readonly string[]; specFormat: number };
}

/** Writes the worker's row. */
export async function registerWorker(store: Store, worker: WorkerIdentity): Promise<void> {
  const { id, node, host, pid, slots, version, knows } = worker;
  const row = { id, node, host, pid, slots, version, capabilities: [...worker.capabilities] };
  await store.asPlatform((db) =>
    db
      .insertInto("workers")
      .values({ ...row, operation_types: [...knows.types], spec_format: knows.specFormat })
      .execute(),
  );
}

/** Shows in the worker's row since when it takes nothing more, or that it is gone. */
export async function markWorker(
  store: Store,
  workerId: string,
  marks: { draining_since?: Date | null; stopped_at?: Date },
): Promise<void> {
  await store.asPlatform((db) => db.updateTable("workers").set(marks).where("id", "=", workerId).execute());
}

export interface Heartbeat {
  /** Leases that are still its own; an operation that is missing belongs to somebody else. */
  held: HeldLease[];
  /** An operator wants it to take nothing more. */
  drainRequested: boolean;
}

export interface HeldLease {
  operationId: string;
  generation: number;
  cancelRequested: boolean;
}

/**
 * Renews the worker's heartbeat and the leases of what it really runs: one it could not bring to an end, because the
 * database was away, must run out, so that somebody takes the operation up again.
 * @param running ids of the operations under way in this process
 */
export async function renewLeases(
  store: Store,
  workerId: string,
  leaseSeconds: number,
  running: readonly string[],
): Promise<Heartbeat> {
  return store.asPlatform(async (db) => {
    const row = await db
      .updateTable("workers")
      .set({ heartbeat_at: sql<Date>`now()` })
      .where("id", "=", workerId)
      .returning("drain_requested_at")
      .executeTakeFirst();
    const drainRequested = (row?.drain_requested_at ?? null) !== null;
    if (running.length === 0) return { held: [], drainRequested };
    const rows = await db
      .updateTable("operations")
      .set({ lease_until: sql<Date>`now() + make_interval(secs => ${leaseSeconds})` })
      .where("id", "in", [...running])
      .where("lease_owner", "=", workerId)
      .where("status", "=", "running")
      .returning(["id", "lease_generation", "cancel_requested_at"])
      .execute();
    const held = rows.map(({ id, lease_generation: generation, cancel_requested_at: canceled }) => ({
      operationId: id,
      generation,
      cancelRequested: canceled !== null,
    }));
    return { held, drainRequested };
  });
}

/** Any number, the same in every worker of one database. */
const SWEEP_LOCK = 7_310_001;
/** Rows of workers that are gone are kept for so long, for whoever looks at who ran what. */
const KEEP_GONE_DAYS = 7;

/**
 * Puts operations whose lease ran out back into the queue, with a new generation: from then on nothing of the old
 * worker can be written. One worker sweeps at a time.
 * @returns the operations that were put back
 */
export async function sweepExpired(store: Store): Promise<Operation[]> {
  return store.asPlatform(async (db) => {
    const lock = await sql<{ taken: boolean }>`SELECT pg_try_advisory_xact_lock(${SWEEP_LOCK}) AS taken`.execute(db);
    if (lock.rows[0]?.taken !== true) return [];
    const expired = await db
      .selectFrom("operations")
      .selectAll()
      .where("status", "=", "running")
      .where("lease_until", "<", sql<Date>`now()`)
      .forUpdate()
      .skipLocked()
      .execute();
    await countLeaseLosses(db, expired.length);
    for (const operation of expired) {
      const where = operation.capability.startsWith("local:") ? " of its node" : "";
      await putBack(db, operation, {
        delayMilliseconds: 0,
        message: `Its worker stopped answering; waiting for a worker${where}`,
      });
      await appendEvents(db, operation.id, [
        { type: "attempt", data: { attempt: operation.attempt, cause: "worker_lost", worker: operation.lease_owner } },
        { type: "status", data: { status: "queued" } },
      ]);
    }
    await sql`DELETE FROM workers
      WHERE COALESCE(stopped_at, heartbeat_at) < now() - make_interval(days => ${KEEP_GONE_DAYS})`.execute(db);
    return expired;
  });
}

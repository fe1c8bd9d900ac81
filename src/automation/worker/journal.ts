/**
 * What a running operation tells the world, in small batches under its lease: events, phase and message, recorded
 * resources, the engine's process. A write that finds the lease gone ends the run.
 */
import { type RawBuilder, sql } from "kysely";
import type { Scoped, Store } from "../../store/database.ts";
import type { Operation, ProcessRecord } from "../../store/tables/operations.ts";
import { appendLeasedEvents, type Lease, type NewOperationEvent } from "../operations/event-log.ts";

const BATCH_MILLISECONDS = 80;

/** Stands in the place of a physical id for what only groups others: nothing of it can be looked up. */
export const COMPONENT = "";

export interface SeenResource {
  urn: string;
  type: string;
  /** `COMPONENT` for what has none. */
  physicalId: string;
  phase: string | undefined;
  parent: string | undefined;
  deleted: boolean;
}

export interface Journal {
  event(event: NewOperationEvent): void;
  /** Shown as the operation's message, and kept in its log. */
  say(message: string): void;
  /** Kept in the log only. */
  note(text: string): void;
  phase(phase: string, message: string): void;
  resource(resource: SeenResource): void;
  /** Written at once: a later worker must find the process even if this one dies in the next moment. */
  process(record: ProcessRecord): Promise<void>;
  /** Written at once, before the step begins. */
  step(step: string, options: { irreversible: boolean }): Promise<void>;
  /** Resolves when everything so far is committed. Rejects with LeaseLost, or with the database's error. */
  flush(): Promise<void>;
}

/** Another worker has the operation now. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";

  constructor(operationId: string) {
    super(`Operation ${operationId} belongs to another worker now.`);
  }
}

/** A cancel was accepted before the irreversible step could begin. */
export class CanceledFirst extends Error {
  override readonly name = "CanceledFirst";

  constructor(operationId: string) {
    super(`Operation ${operationId} was canceled before its irreversible step.`);
  }
}

type Verdict = "written" | "lost" | "canceled";

interface Batch {
  events: NewOperationEvent[];
  row: { phase?: string; message?: string; step?: string; process?: string; irreversible?: boolean };
  resources: Map<string, SeenResource>;
}

/** Who speaks in the log where it is none of the deployment's processes. */
const SPEAKER = "onvera";
const saying = (text: string) => ({ process: SPEAKER, text });
const isSaying = ({ type, data }: NewOperationEvent): boolean => type === "log" && data.process === SPEAKER;

const emptyBatch = (): Batch => ({ events: [], row: {}, resources: new Map() });

/**
 * Opens the journal of one run.
 * @param onLost called once when a write found the lease gone
 * @param onTrouble told of writes the database refused; they are tried again with the next batch
 */
export function openJournal(
  store: Store,
  operation: Operation,
  lease: Lease,
  handlers: { onLost(): void; onTrouble(error: unknown): void },
): Journal {
  let batch = emptyBatch();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  const writeOut = async (): Promise<void> => {
    const current = batch;
    if (current.events.length === 0 && Object.keys(current.row).length === 0 && current.resources.size === 0) return;
    batch = emptyBatch();
    try {
      const verdict = await store.asPlatform((db) => writeBatch(db, operation, lease, current));
      if (verdict === "canceled") throw new CanceledFirst(operation.id);
      if (verdict === "lost") throw new LeaseLost(operation.id);
    } catch (error) {
      if (error instanceof LeaseLost) handlers.onLost();
      else if (!(error instanceof CanceledFirst)) batch = merge(current, batch);
      throw error;
    }
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const written = writing.then(writeOut, writeOut);
    writing = written.catch(() => undefined);
    return written;
  };
  const soon = () => {
    timer ??= setTimeout(() => {
      flush().catch((error: unknown) => {
        if (!(error instanceof LeaseLost)) handlers.onTrouble(error);
      });
    }, BATCH_MILLISECONDS);
  };

  return {
    event(event) {
      batch.events.push({ seenAt: performance.now(), ...event });
      soon();
    },
    say(message) {
      batch.row.message = message;
      // A bar that moves many times within a batch is one record: its last state.
      const last = batch.events.at(-1);
      if (last !== undefined && isSaying(last)) last.data = saying(message);
      else batch.events.push({ type: "log", data: saying(message), seenAt: performance.now() });
      soon();
    },
    note(text) {
      batch.events.push({ type: "log", data: saying(text), seenAt: performance.now() });
      soon();
    },
    phase(phase, message) {
      batch.row = { ...batch.row, phase, message };
      batch.events.push({ type: "phase", data: { phase, message }, seenAt: performance.now() });
      soon();
    },
    resource(resource) {
      batch.resources.set(`${resource.urn} ${resource.physicalId}`, resource);
      soon();
    },
    process(record) {
      batch.row.process = JSON.stringify(record);
      return flush();
    },
    step(step, { irreversible }) {
      batch.row = { ...batch.row, step, ...(irreversible ? { irreversible } : {}) };
      batch.events.push({ type: "step", data: { step }, seenAt: performance.now() });
      return flush();
    },
    flush,
  };
}

function merge(older: Batch, newer: Batch): Batch {
  return {
    events: [...older.events, ...newer.events],
    row: { ...older.row, ...newer.row },
    resources: new Map([...older.resources, ...newer.resources]),
  };
}

async function writeBatch(db: Scoped, operation: Operation, lease: Lease, batch: Batch): Promise<Verdict> {
  const { irreversible, ...columns } = batch.row;
  if (Object.keys(batch.row).length > 0) {
    const irreversibleAt: RawBuilder<Date> = sql`COALESCE(irreversible_at, now())`;
    const held = await db
      .selectFrom("operations")
      .select("cancel_requested_at")
      .where("id", "=", lease.operationId)
      .where("lease_owner", "=", lease.owner)
      .where("lease_generation", "=", lease.generation)
      .forUpdate()
      .executeTakeFirst();
    if (!held) return "lost";
    if (irreversible === true && held.cancel_requested_at !== null) return "canceled";
    await db
      .updateTable("operations")
      .set({ ...columns, ...(irreversible ? { irreversible_at: irreversibleAt } : {}) })
      .where("id", "=", lease.operationId)
      .execute();
  }
  if (!(await appendLeasedEvents(db, lease, batch.events))) return "lost";
  for (const resource of batch.resources.values()) await recordResource(db, operation, resource);
  return "written";
}

async function recordResource(db: Scoped, operation: Operation, resource: SeenResource): Promise<void> {
  if (operation.resource_type !== "deployment") return;
  const { urn, type, physicalId, phase, parent, deleted } = resource;
  await sql`INSERT INTO deployment_resources
      (deployment_id, organization_id, urn, type, physical_id, phase, parent_urn, deleted_at)
    VALUES (${operation.resource_id}, ${operation.organization_id}, ${urn}, ${type}, ${physicalId},
      ${phase ?? null}, ${parent ?? null}, ${deleted ? sql`now()` : null})
    ON CONFLICT (deployment_id, urn, physical_id) DO UPDATE
    SET last_seen_at = now(), deleted_at = EXCLUDED.deleted_at, phase = EXCLUDED.phase, parent_urn = EXCLUDED.parent_urn`.execute(
    db,
  );
}

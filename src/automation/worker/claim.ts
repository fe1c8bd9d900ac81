/** Takes the next operation from the queue and raises its generation, in one transaction. */
import { sql } from "kysely";
import { operationTypes, SPEC_FORMAT } from "../../domain/operation.ts";
import { phaseMessages } from "../../domain/phases.ts";
import type { Scoped, Store } from "../../store/database.ts";
import type { Operation } from "../../store/tables/operations.ts";
import { appendEvents, type Lease } from "../operations/event-log.ts";
import { raiseFence } from "../operations/fence.ts";
import {
  countsInLimit,
  isBackground,
  isDue,
  organizationsWaiting,
  ownOrder,
  runningLimit,
  turnOrder,
} from "../operations/queue-order.ts";

export interface Claimant {
  workerId: string;
  capabilities: readonly string[];
  leaseSeconds: number;
  /** What it knows; this version's when left out. */
  knows?: { types: readonly string[]; specFormat: number };
  /** False for a lane whose operations do not count in their organization's limit. @default true */
  inLimits?: boolean;
}

export interface Claim {
  operation: Operation;
  lease: Lease;
}

/** What a worker of this version understands. */
export const knownHere = { types: Object.keys(operationTypes), specFormat: SPEC_FORMAT };

/** Claims that meet another worker's begin again with a fresh look; more often than this nobody is met by chance. */
const TRIES = 20;

/**
 * Claims one operation in the order of src/automation/operations/queue-order.ts.
 * @returns undefined when nothing is due for this worker
 */
export async function claimOperation(store: Store, claimant: Claimant): Promise<Claim | undefined> {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    try {
      return await store.asPlatform((db) => claimNext(db, claimant));
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
    }
  }
  return undefined;
}

/** Another worker took what was chosen, or the organization's last free place; all locks are let go before the next look. */
class Overtaken extends Error {}

async function claimNext(db: Scoped, claimant: Claimant): Promise<Claim | undefined> {
  return (await claimAmong(db, claimant, false)) ?? (await claimAmong(db, claimant, true));
}

/** @param background whether the platform's own wishes are looked at, or everybody else's */
async function claimAmong(db: Scoped, claimant: Claimant, background: boolean): Promise<Claim | undefined> {
  const turn = await nextTurn(db, claimant, background);
  if (turn === undefined) return undefined;
  const candidate = await oldestOf(db, turn, claimant, background);
  if (candidate === undefined) throw new Overtaken();
  const { id, resource_id: resourceId, slot } = candidate;
  let generation = candidate.lease_generation + 1;
  if (slot !== "reading") {
    generation = await raiseFence(db, { stackName: resourceId, operationId: id, atLeast: generation });
    // With the fence row locked: another worker may have claimed a neighbour since the candidate was chosen.
    if (await changeIsRunning(db, resourceId, id)) throw new Overtaken();
  }
  const operation = await db
    .updateTable("operations")
    .set({
      status: "running",
      lease_owner: claimant.workerId,
      lease_generation: generation,
      // `now()` is the transaction's beginning, before the waits for locks: the change before may have ended since.
      lease_until: sql<Date>`clock_timestamp() + make_interval(secs => ${claimant.leaseSeconds})`,
      attempt: candidate.attempt + 1,
      started_at: sql<Date>`COALESCE(started_at, clock_timestamp())`,
      // A destroy's first phase has a documented message; the others say that they begin.
      ...(slot === "destroy" ? { phase: firstDestroyPhase } : {}),
      message: slot === "destroy" ? phaseMessages.revoking_access : "Starting",
    })
    .where("id", "=", id)
    .where("status", "=", "queued")
    .returningAll()
    .executeTakeFirstOrThrow();
  await db
    .updateTable("organization_queues")
    .set({ claimed_at: sql<Date>`clock_timestamp()` })
    .where("organization_id", "=", operation.organization_id)
    .execute();
  await appendEvents(db, id, [{ type: "status", data: { status: "running", attempt: operation.attempt } }]);
  return { operation, lease: { operationId: id, owner: claimant.workerId, generation } };
}

const inLimits = ({ inLimits: counted = true }: Claimant) => sql<boolean>`${counted}::boolean`;

const fitting = ({ capabilities, knows = knownHere }: Claimant, background: boolean) => sql<boolean>`(
  ${isBackground} = ${background} AND
  queued.capability = ANY(${[...capabilities]}) AND queued.type = ANY(${[...knows.types]})
  AND queued.spec_format <= ${knows.specFormat} AND ${isDue})`;

/** The worker itself hears of it with its next heartbeat only; what is queued after the asking must not be taken until then. */
const isAskedToDrain = ({ workerId }: Claimant) => sql<boolean>`EXISTS (
  SELECT 1 FROM workers WHERE id = ${workerId} AND drain_requested_at IS NOT NULL)`;

/** The organization whose turn it is, its queue row locked: claims of one organization come one after the other. */
async function nextTurn(db: Scoped, claimant: Claimant, background: boolean): Promise<string | undefined> {
  const { rows } = await sql<{ organization_id: string }>`
    WITH RECURSIVE ${organizationsWaiting}
    SELECT locked.organization_id FROM waiting JOIN organization_queues locked USING (organization_id)
    WHERE (waiting.running < waiting.running_limit OR NOT ${inLimits(claimant)}) AND EXISTS (
      SELECT 1 FROM operations queued
      WHERE queued.status = 'queued' AND queued.organization_id = waiting.organization_id AND ${fitting(claimant, background)}
    ) AND NOT ${isAskedToDrain(claimant)}
    ORDER BY ${turnOrder} LIMIT 1 FOR UPDATE OF locked`.execute(db);
  return rows[0]?.organization_id;
}

/** Asked again under the lock, because the wait for it may have been another worker's claim. */
async function oldestOf(
  db: Scoped,
  organizationId: string,
  claimant: Claimant,
  background: boolean,
): Promise<Operation | undefined> {
  const { rows } = await sql<Operation>`
    SELECT queued.* FROM operations queued JOIN organization_queues turn USING (organization_id)
    WHERE queued.status = 'queued' AND queued.organization_id = ${organizationId} AND ${fitting(claimant, background)}
      AND ((
        SELECT count(*) FROM operations
        WHERE status = 'running' AND organization_id = ${organizationId} AND ${countsInLimit}
      ) < ${runningLimit} OR NOT ${inLimits(claimant)})
    ORDER BY ${ownOrder} LIMIT 1 FOR UPDATE OF queued SKIP LOCKED`.execute(db);
  return rows[0];
}

async function changeIsRunning(db: Scoped, resourceId: string, exceptId: string): Promise<boolean> {
  const other = await db
    .selectFrom("operations")
    .select("id")
    .where("resource_id", "=", resourceId)
    .where("id", "!=", exceptId)
    .where("status", "=", "running")
    .where("slot", "!=", "reading")
    .executeTakeFirst();
  return other !== undefined;
}

/** Word and message belong together; a destroy that is taken up again keeps the word it had got to. */
const firstDestroyPhase = sql<string>`CASE WHEN phase = 'initializing' THEN 'revoking_access' ELSE phase END`;

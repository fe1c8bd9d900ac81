/** Takes the next operation from the queue and raises its generation, in one transaction. */
import { sql } from "kysely";
import { phaseMessages } from "../../domain/phases.ts";
import type { Scoped, Store } from "../../store/database.ts";
import type { Operation } from "../../store/schema.ts";
import { appendEvents, type Lease } from "../operations/event-log.ts";
import { raiseFence } from "../operations/fence.ts";

export interface Claimant {
  workerId: string;
  capabilities: readonly string[];
  leaseSeconds: number;
}

export interface Claim {
  operation: Operation;
  lease: Lease;
}

/**
 * Claims one operation, the organization with the fewest running ones first.
 * @returns undefined when nothing is due
 */
export async function claimOperation(store: Store, claimant: Claimant): Promise<Claim | undefined> {
  return store
    .asPlatform(async (db) => {
      const candidate = await nextCandidate(db, claimant.capabilities);
      if (!candidate) return undefined;
      const { id, resource_id: resourceId, slot } = candidate;
      let generation = candidate.lease_generation + 1;
      if (slot !== "reading") {
        generation = await raiseFence(db, { stackName: resourceId, operationId: id, atLeast: generation });
        // With the fence row locked: another worker may have claimed a neighbour since the candidate was chosen.
        if (await changeIsRunning(db, resourceId, id)) return rollBack();
      }
      const operation = await db
        .updateTable("operations")
        .set({
          status: "running",
          lease_owner: claimant.workerId,
          lease_generation: generation,
          lease_until: sql<Date>`now() + make_interval(secs => ${claimant.leaseSeconds})`,
          attempt: candidate.attempt + 1,
          started_at: sql<Date>`COALESCE(started_at, now())`,
          // A destroy's first phase has a documented message; the others say that they begin.
          ...(slot === "destroy" ? { phase: firstDestroyPhase } : {}),
          message: slot === "destroy" ? phaseMessages.revoking_access : "Starting",
        })
        .where("id", "=", id)
        .where("status", "=", "queued")
        .returningAll()
        .executeTakeFirstOrThrow();
      await appendEvents(db, id, [{ type: "status", data: { status: "running", attempt: operation.attempt } }]);
      return { operation, lease: { operationId: id, owner: claimant.workerId, generation } };
    })
    .catch((error: unknown) => {
      if (error instanceof NothingClaimed) return undefined;
      throw error;
    });
}

class NothingClaimed extends Error {}

function rollBack(): never {
  throw new NothingClaimed();
}

async function nextCandidate(db: Scoped, capabilities: readonly string[]): Promise<Operation | undefined> {
  const { rows } = await sql<Operation>`
    WITH busy AS (
      SELECT organization_id, count(*) AS running FROM operations WHERE status = 'running' GROUP BY organization_id
    )
    SELECT queued.* FROM operations queued LEFT JOIN busy USING (organization_id)
    WHERE queued.status = 'queued' AND queued.not_before <= now() AND queued.capability = ANY(${[...capabilities]})
      AND (queued.slot = 'reading' OR NOT EXISTS (
        SELECT 1 FROM operations other
        WHERE other.resource_id = queued.resource_id AND other.status = 'running' AND other.slot <> 'reading'
      ))
    ORDER BY COALESCE(busy.running, 0), queued.requested_at, queued.id
    LIMIT 1 FOR UPDATE OF queued SKIP LOCKED`.execute(db);
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

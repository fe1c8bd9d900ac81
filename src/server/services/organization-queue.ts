/** What an organization has running and waiting, and how much of either it may have. */
import { sql } from "kysely";
import { OnveraError } from "../../domain/errors.ts";
import { defaultQueueLimits } from "../../domain/operation.ts";
import type { Scoped } from "../../store/database.ts";

export interface QueueFacts {
  running: number;
  queued: number;
  /** Null: the installation's default. */
  running_limit: number | null;
  queued_limit: number | null;
}

/** Reads the queue of an organization. @throws OnveraError ORGANIZATION_NOT_FOUND */
export async function readQueue(db: Scoped, organizationId: string): Promise<QueueFacts> {
  const found = await db
    .selectFrom("organization_queues as q")
    .select(["q.running_limit", "q.queued_limit"])
    .select([
      sql<number>`(SELECT count(*) FROM operations WHERE status = 'running' AND organization_id = q.organization_id)`.as(
        "running",
      ),
      sql<number>`(SELECT count(*) FROM operations WHERE status = 'queued' AND organization_id = q.organization_id)`.as(
        "queued",
      ),
    ])
    .where("q.organization_id", "=", organizationId)
    .executeTakeFirst();
  if (!found) throw new OnveraError("ORGANIZATION_NOT_FOUND");
  return found;
}

/** A limit that is left out stays; null goes back to the default. */
export interface QueueLimits {
  running_limit?: number | null | undefined;
  queued_limit?: number | null | undefined;
}

/** Sets limits; they hold from the next claim and the next request on. @throws OnveraError ORGANIZATION_NOT_FOUND */
export async function setQueueLimits(db: Scoped, organizationId: string, limits: QueueLimits): Promise<QueueFacts> {
  const { running_limit, queued_limit } = limits;
  const changes = {
    ...(running_limit === undefined ? {} : { running_limit }),
    ...(queued_limit === undefined ? {} : { queued_limit }),
  };
  if (Object.keys(changes).length > 0) {
    await db.updateTable("organization_queues").set(changes).where("organization_id", "=", organizationId).execute();
  }
  return readQueue(db, organizationId);
}

/** As the API shows it: the limits in force, and whether they are the default. */
export const queueView = ({ running, queued, running_limit, queued_limit }: QueueFacts) => ({
  running,
  queued,
  running_limit: running_limit ?? defaultQueueLimits.running,
  queued_limit: queued_limit ?? defaultQueueLimits.queued,
  is_default: running_limit === null && queued_limit === null,
});

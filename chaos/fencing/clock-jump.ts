/** A worker's wall clock jumps while its operation is held at a point, for longer than a lease lasts. */
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import type { HeldPoint } from "../crash-matrix/strike.ts";
import { timings, type World } from "../crash-matrix/world.ts";

const PAST_LEASE = 1.5;
const SEEN_SECONDS = 30;
const FINISHED_SECONDS = 120;
/** Between this process's clock and the one that was moved. */
const TOLERANCE_MILLISECONDS = 5000;

/**
 * Does it.
 * @returns what is wrong: a lease that was lost, or a time that is not the database's
 */
export async function jumpClock(
  world: World,
  { minutes }: { minutes: number },
  { operationId }: { operationId: string },
  held: HeldPoint,
): Promise<string[]> {
  const row = await world.operation(operationId, ({ status }) => status === "running", SEEN_SECONDS);
  const { child } = world.worker(row.lease_owner);
  const told = async (milliseconds: number): Promise<number> => {
    for (;;) {
      const heard = once(child, "message");
      child.send({ clockMilliseconds: milliseconds });
      const [message] = (await heard) as [{ kind: string; shows?: number }];
      if (message.kind === "clock") return (message.shows ?? 0) - Date.now();
    }
  };
  const shift = minutes * 60_000;
  const moved = await told(shift);
  try {
    if (Math.abs(moved - shift) > TOLERANCE_MILLISECONDS) return [`its clock moved by ${moved} ms only`];
    await wait(timings.leaseSeconds * PAST_LEASE * 1000);
    await held.go();
    const ended = await world.operation(operationId, (now) => now.ended, FINISHED_SECONDS);
    const kept = ended.lease_generation === row.lease_generation && ended.lease_owner === row.lease_owner;
    return [...(kept ? [] : ["it lost its lease when its clock jumped"]), ...(await wrongTimes(world, operationId))];
  } finally {
    await told(0);
  }
}

/** Everything the operation wrote down happened between its beginning and now, by the database's clock. */
async function wrongTimes({ control }: World, operationId: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: control });
  await client.connect();
  try {
    const { rows } = await client.query<{ what: string }>(
      `WITH one AS (SELECT * FROM onvera.operations WHERE id = $1),
       moments AS (
         SELECT 'its end' AS what, ended_at AS at FROM one
         UNION ALL SELECT 'its beginning', started_at FROM one
         UNION ALL SELECT 'event ' || seq || ' (' || type || ')', at FROM onvera.operation_events WHERE operation_id = $1
         UNION ALL SELECT 'the first readiness', first_ready_at FROM onvera.deployments
           WHERE id = (SELECT resource_id FROM one) AND (SELECT type FROM one) = 'deployment.create'
         UNION ALL SELECT 'the destroy', destroyed_at FROM onvera.deployments WHERE id = (SELECT resource_id FROM one)
       )
       SELECT what FROM moments, one
       WHERE at NOT BETWEEN requested_at - interval '1 second' AND clock_timestamp() + interval '1 second'`,
      [operationId],
    );
    return rows.map(({ what }) => `${what} has a time of the wrong clock`);
  } finally {
    await client.end();
  }
}

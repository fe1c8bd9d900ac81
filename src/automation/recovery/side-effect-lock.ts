/**
 * Whether something of a stack may still be under way in a provider process, wherever it runs: the process holds a
 * shared advisory lock for each run, which ends with the process. Who takes the stack over waits for it, within limits.
 */
import pg from "pg";
import type { Store } from "../../store/database.ts";

const LOCK_KEY = "hashtextextended('onvera side effects ' || $1, 0)";
const RETAKE_MILLISECONDS = 500;
const LOCK_NOT_AVAILABLE = "55P03";

/**
 * Holds the lock until released, taking it again after the database was away.
 * @throws Error when the database cannot be asked for the first time
 */
export async function holdSideEffects(store: Store, stackName: string): Promise<{ release(): Promise<void> }> {
  let client: pg.PoolClient | undefined;
  let released = false;
  let timer: NodeJS.Timeout | undefined;

  const lost = () => {
    const broken = client;
    if (broken === undefined) return;
    client = undefined;
    broken.release(true);
    later();
  };
  const take = async () => {
    const taken = await store.pool.connect();
    taken.on("error", lost);
    try {
      await taken.query(`SELECT pg_advisory_lock_shared(${LOCK_KEY})`, [stackName]);
    } catch (error) {
      taken.release(true);
      throw error;
    }
    if (released) await give(taken);
    else client = taken;
  };
  const later = () => {
    if (released) return;
    timer = setTimeout(() => take().catch(later), RETAKE_MILLISECONDS);
  };
  const give = async (held: pg.PoolClient) => {
    // The pool gives the connection to others next.
    held.off("error", lost);
    try {
      await held.query(`SELECT pg_advisory_unlock_shared(${LOCK_KEY})`, [stackName]);
      held.release();
    } catch {
      held.release(true);
    }
  };
  await take();
  return {
    async release() {
      released = true;
      clearTimeout(timer);
      const held = client;
      client = undefined;
      if (held !== undefined) await give(held);
    },
  };
}

/**
 * Waits until nothing of the stack is under way in any provider process.
 * @returns false when that has not come about in time
 */
export async function sideEffectsEnded(store: Store, stackName: string, limitMilliseconds: number): Promise<boolean> {
  const client = await store.pool.connect();
  try {
    await client.query(`BEGIN; SET LOCAL lock_timeout = ${Math.max(1, Math.round(limitMilliseconds))}`);
    await client.query(`SELECT pg_advisory_xact_lock(${LOCK_KEY})`, [stackName]);
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === LOCK_NOT_AVAILABLE) return false;
    throw error;
  } finally {
    await client.query("ROLLBACK").then(
      () => client.release(),
      () => client.release(true),
    );
  }
}

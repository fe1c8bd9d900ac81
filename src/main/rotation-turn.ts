/** One rotation of the keys, or backup of them, at a time, whichever machine it runs on. */
import { SetupError } from "../domain/setup-error.ts";
import type { Store } from "../store/database.ts";

const LOCK = "hashtextextended('onvera key rotation', 0)";

/**
 * Runs `work` while no other rotation or backup runs; the database lets go of it with the connection, also after a kill.
 * @throws SetupError `keys-not-rotated` when one runs
 */
export async function alone<T>({ pool }: Store, work: () => Promise<T>): Promise<T> {
  const turn = await pool.connect();
  try {
    const { rows } = await turn.query<{ got: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS got`);
    if (rows[0]?.got !== true) {
      throw new SetupError("keys-not-rotated", {
        what: "Another command holds the keys",
        why: "an 'onvera keys rotate' or an 'onvera backup' runs on this database already.",
        nextStep: "Let it end, then run this one again.",
      });
    }
    return await work();
  } finally {
    // Closed rather than given back: the lock goes with it.
    turn.release(true);
  }
}

/** One rotation of the keys at a time, whichever machine it runs on. */
import { SetupError } from "../domain/setup-error.ts";
import type { Store } from "../store/database.ts";

const LOCK = "hashtextextended('onvera key rotation', 0)";

/**
 * Runs `work` while no other rotation runs; the database lets go of it with the connection, also after a kill.
 * @throws SetupError `keys-not-rotated` when one runs
 */
export async function alone<T>({ pool }: Store, work: () => Promise<T>): Promise<T> {
  const turn = await pool.connect();
  try {
    const { rows } = await turn.query<{ got: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS got`);
    if (rows[0]?.got !== true) {
      throw new SetupError("keys-not-rotated", {
        what: "The keys are being rotated already",
        why: "another 'onvera keys rotate' runs on this database.",
        nextStep: "Let it end, then look with 'onvera keys list'.",
      });
    }
    return await work();
  } finally {
    // Closed rather than given back: the lock goes with it.
    turn.release(true);
  }
}

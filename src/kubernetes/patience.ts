/** How long a cluster may be away, or refuse, before whoever waits for it gives up. */
import { setTimeout as sleep } from "node:timers/promises";
import { type ClusterCause, ClusterFailure } from "./failure.ts";

/** Seconds by the cause of the trouble; what is not named is never waited for. */
export type PatienceLimits = Readonly<Partial<Record<ClusterCause, number>>>;

/**
 * Seconds a trouble may last without one good answer between. An API server that starts refuses for some seconds those it
 * lets in afterwards; what an answer says of the request itself is never waited for.
 */
export const patienceSeconds: PatienceLimits = {
  unreachable: 180,
  overloaded: 180,
  failed: 60,
  unauthorized: 30,
  forbidden: 20,
};

const FIRST_PAUSE_MILLISECONDS = 200;
const LONGEST_PAUSE_MILLISECONDS = 5000;

export interface Patience {
  /** A good answer: what came before is forgotten. */
  good(): void;
  /**
   * Waits before the next try.
   * @throws the failure when it is not one that passes, or has lasted too long; the signal's reason when that aborts
   */
  bad(error: unknown, signal: AbortSignal): Promise<void>;
}

/**
 * Makes the patience of one waiter.
 * @param onTrouble told once when a trouble begins
 */
export function createPatience(
  onTrouble: (failure: ClusterFailure) => void = () => undefined,
  limits: PatienceLimits = patienceSeconds,
): Patience {
  // Of each cause by itself: an API server that was away for long refuses for a moment when it is back.
  const since = new Map<ClusterCause, number>();
  let pause = FIRST_PAUSE_MILLISECONDS;
  return {
    good() {
      since.clear();
      pause = FIRST_PAUSE_MILLISECONDS;
    },
    async bad(error, signal) {
      signal.throwIfAborted();
      if (!(error instanceof ClusterFailure)) throw error;
      const limit = limits[error.reason];
      const now = performance.now();
      if (limit === undefined) throw error;
      if (since.size === 0) onTrouble(error);
      const begun = since.get(error.reason) ?? now;
      since.set(error.reason, begun);
      if (now - begun > limit * 1000) throw error;
      // Spread, so that everybody who waits does not come back in one moment.
      await sleep(pause * (0.75 + Math.random() / 2), undefined, { signal });
      pause = Math.min(pause * 2, LONGEST_PAUSE_MILLISECONDS);
    },
  };
}

/** Does it again until the cluster answers. @throws what patience throws */
export async function patiently<T>(
  work: () => Promise<T>,
  signal: AbortSignal,
  onTrouble?: (failure: ClusterFailure) => void,
  limits?: PatienceLimits,
): Promise<T> {
  const patience = createPatience(onTrouble, limits);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      await patience.bad(error, signal);
    }
  }
}

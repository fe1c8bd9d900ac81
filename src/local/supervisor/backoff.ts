/** How long to wait before a process that ended is started again. */

export interface BackoffPolicy {
  initialMilliseconds: number;
  factor: number;
  maxMilliseconds: number;
  /** A process that lived this long is taken for sound: its next end counts as the first. */
  stableMilliseconds: number;
}

export const defaultBackoff: BackoffPolicy = {
  initialMilliseconds: 500,
  factor: 2,
  maxMilliseconds: 60_000,
  stableMilliseconds: 60_000,
};

/**
 * The number of quick ends in a row after one more end.
 * @param failures quick ends in a row before this one
 * @param livedMilliseconds how long the process lived this time
 */
export function countFailure(policy: BackoffPolicy, failures: number, livedMilliseconds: number): number {
  return livedMilliseconds >= policy.stableMilliseconds ? 1 : failures + 1;
}

/** Milliseconds to wait after that many quick ends in a row: doubling, up to the maximum. */
export function backoffDelay(policy: BackoffPolicy, failures: number): number {
  if (failures <= 0) return 0;
  return Math.min(policy.maxMilliseconds, policy.initialMilliseconds * policy.factor ** (failures - 1));
}

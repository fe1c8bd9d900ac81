/** What a row of probe answers means: pure, so that every path can be tried without a process. */

export interface ProbeLimits {
  failureThreshold: number;
  startupGraceMilliseconds: number;
}

export interface ProbeHistory {
  /** Whether it has answered well at least once since the process started. */
  succeeded: boolean;
  failuresInRow: number;
}

export type ProbeVerdict = "good" | "waiting" | "bad";

export const newProbeHistory: ProbeHistory = { succeeded: false, failuresInRow: 0 };

/** The history after one more answer. */
export function recordAnswer(history: ProbeHistory, ok: boolean): ProbeHistory {
  return ok ? { succeeded: true, failuresInRow: 0 } : { ...history, failuresInRow: history.failuresInRow + 1 };
}

/**
 * `good`: answers, or did until a moment ago. `waiting`: has not answered yet and need not have. `bad`: should have answered.
 * @param aliveMilliseconds how long the process has run
 */
export function probeVerdict(history: ProbeHistory, limits: ProbeLimits, aliveMilliseconds: number): ProbeVerdict {
  if (history.succeeded) return history.failuresInRow < limits.failureThreshold ? "good" : "bad";
  const stillStarting = aliveMilliseconds < limits.startupGraceMilliseconds;
  return stillStarting || history.failuresInRow < limits.failureThreshold ? "waiting" : "bad";
}

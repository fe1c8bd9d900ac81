/** How long work on this machine tells its reader where it stands: named steps, each begun, perhaps updated, and ended once. */

export interface ProgressStep {
  /** Stable name, for programs and tests (`pulumi-cli`, `postgres-initdb`). */
  name: string;
  /** One line for people. */
  message: string;
  /** How long the step is expected to take from its beginning. */
  estimateSeconds?: number;
}

export type ProgressEvent =
  | { type: "started"; step: ProgressStep }
  /** `fraction` lies between 0 and 1 and is absent where nobody can tell. */
  | { type: "updated"; step: ProgressStep; message: string; fraction?: number }
  | { type: "done"; step: ProgressStep; message: string; elapsedSeconds: number }
  | { type: "failed"; step: ProgressStep; message: string; elapsedSeconds: number };

export interface RunningStep {
  /** Tells how far the step is; the estimate may be corrected on the way. */
  update(message: string, options?: { fraction?: number }): void;
  done(message?: string): void;
  failed(message: string): void;
}

export interface Progress {
  start(step: ProgressStep): RunningStep;
}

/**
 * Makes a reporter that hands every event to `onEvent`.
 * @param nowMilliseconds the clock, milliseconds since 1970
 */
export function createProgress(
  onEvent: (event: ProgressEvent) => void,
  nowMilliseconds: () => number = Date.now,
): Progress {
  return {
    start(step) {
      const startedAt = nowMilliseconds();
      let ended = false;
      const end = (type: "done" | "failed", message: string) => {
        if (ended) return;
        ended = true;
        onEvent({ type, step, message, elapsedSeconds: (nowMilliseconds() - startedAt) / 1000 });
      };
      onEvent({ type: "started", step });
      return {
        update(message, { fraction } = {}) {
          if (ended) return;
          onEvent({ type: "updated", step, message, ...(fraction === undefined ? {} : { fraction: clamp(fraction) }) });
        },
        done: (message = step.message) => end("done", message),
        failed: (message) => end("failed", message),
      };
    },
  };
}

/** A reporter nobody listens to. */
export const silentProgress: Progress = createProgress(() => undefined);

/**
 * Runs `work` as one step: done when it resolves, failed with the error's message when it rejects.
 * @returns what `work` returns
 * @throws what `work` throws
 */
export async function runStep<T>(
  progress: Progress,
  step: ProgressStep,
  work: (running: RunningStep) => Promise<T>,
): Promise<T> {
  const running = progress.start(step);
  try {
    const result = await work(running);
    running.done();
    return result;
  } catch (error) {
    running.failed(error instanceof Error ? error.message : String(error));
    throw error;
  }
}

const clamp = (fraction: number) => Math.min(1, Math.max(0, fraction));

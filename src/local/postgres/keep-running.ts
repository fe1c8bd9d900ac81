/** Brings the server back when it was killed while the control plane runs on. */
import { setTimeout as wait } from "node:timers/promises";
import { runningPostmaster } from "./postmaster.ts";

export interface KeepRunningOptions {
  data: string;
  /** Starts the server again; see `ensureEmbeddedPostgres`. */
  restart: () => Promise<unknown>;
  /** Called after each attempt: undefined when the server is back, else why it is not. */
  onAttempt: (failure: unknown) => void;
  /** How often to look. */
  intervalSeconds?: number;
  /** The longest pause between two failed attempts. */
  longestPauseSeconds?: number;
}

/**
 * Looks at the server's process until it is told to stop. A server that is stopped on purpose while this runs is started
 * again, unless whoever stopped it holds the server's lock meanwhile, as a backup does.
 * @returns `stop()`, which resolves when no attempt is under way any more
 */
export function keepRunning(options: KeepRunningOptions): { stop(): Promise<void> } {
  const { data, restart, onAttempt, intervalSeconds = 2, longestPauseSeconds = 30 } = options;
  const ending = new AbortController();
  const watch = async () => {
    let failures = 0;
    while (!ending.signal.aborted) {
      const pause = failures === 0 ? intervalSeconds : Math.min(intervalSeconds * 2 ** failures, longestPauseSeconds);
      await wait(pause * 1000, undefined, { signal: ending.signal, ref: false }).catch(() => undefined);
      if (ending.signal.aborted) return;
      // An unreadable pid file tells nothing; only the attempt to start can.
      if (await runningPostmaster(data).catch(() => undefined)) {
        failures = 0;
        continue;
      }
      try {
        await restart();
        failures = 0;
        onAttempt(undefined);
      } catch (failure) {
        failures++;
        onAttempt(failure);
      }
    }
  };
  const watching = watch();
  return {
    async stop() {
      ending.abort();
      await watching;
    },
  };
}

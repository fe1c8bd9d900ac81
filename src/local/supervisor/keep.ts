/** Starts the supervisor again when it died; one that was told to end stays ended. */
import { type EnsureRequest, ensureSupervisor } from "./ensure.ts";
import { readHolder } from "./lock-file.ts";
import { supervisorPaths } from "./paths.ts";
import { isRunning } from "./process-table.ts";

const LOOK_MILLISECONDS = 1000;
/** A supervisor that does not come up is tried again, but not without pause. */
const LONGEST_PAUSE_MILLISECONDS = 30_000;

/**
 * Looks every second whether the supervisor lives; answers how to stop looking.
 * @param report takes a line when it died and when it cannot be started
 */
export function keepSupervisor(request: EnsureRequest, report: (message: string) => void): () => void {
  const { lock } = supervisorPaths(request.home);
  let stopped = false;
  let pauseMilliseconds = LOOK_MILLISECONDS;
  let timer: NodeJS.Timeout;
  const look = async (): Promise<void> => {
    // Whoever ends in order takes its name off the lock; a name without a process is one that was killed.
    const holder = readHolder(lock);
    if (holder !== undefined && !isRunning(holder)) {
      report(`The supervisor (process ${holder.pid}) is gone; starting it again. The apps kept running.`);
      try {
        await ensureSupervisor(request);
        pauseMilliseconds = LOOK_MILLISECONDS;
      } catch (error) {
        report(error instanceof Error ? error.message : String(error));
        pauseMilliseconds = Math.min(LONGEST_PAUSE_MILLISECONDS, pauseMilliseconds * 2);
      }
    }
    if (!stopped) wait();
  };
  const wait = (): void => {
    timer = setTimeout(() => void look(), pauseMilliseconds);
    timer.unref();
  };
  wait();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

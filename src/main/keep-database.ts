/** While the control plane runs, so does its embedded database: a killed server comes back by itself. */
import { silentProgress } from "../domain/progress.ts";
import { keepRunning } from "../local/postgres/keep-running.ts";
import { type Installation, startEmbeddedPostgres } from "./installation.ts";
import type { Log } from "./log.ts";

/**
 * Watches the server until `stop()`; an operator's own server is left to the operator.
 * Must have stopped before the server is stopped on purpose.
 */
export function keepDatabase({ paths, embedded }: Installation, log: Log): { stop(): Promise<void> } {
  if (!embedded) return { stop: async () => undefined };
  return keepRunning({
    data: paths.postgres.data,
    restart: () => startEmbeddedPostgres(paths, silentProgress),
    onAttempt: (failure) => {
      if (failure === undefined) log.warn({}, "The embedded database had ended and runs again");
      else log.error({ error: String(failure) }, "The embedded database does not start");
    },
  });
}

/** What a target sees while the engine only waits: something that cannot come about stops the run, with its cause. */
import type { RunSignals } from "./run-signals.ts";
import type { DeploymentContext, StepFailure, TargetDriver } from "./target-driver.ts";

export interface BesideEngine {
  /** The given signals, and this watch's own. */
  signals: RunSignals;
  /** Why the run was stopped; undefined when it was not by this. */
  found(): StepFailure | undefined;
  close(): void;
}

/** Starts watching where the target can; the run goes on when nobody can look. */
export function watchBeside(
  { watchEngine }: Pick<TargetDriver, "watchEngine">,
  deployment: DeploymentContext,
  { interrupt, kill }: RunSignals,
): BesideEngine {
  const over = new AbortController();
  const stop = new AbortController();
  let found: StepFailure | undefined;
  watchEngine?.(deployment, AbortSignal.any([over.signal, interrupt])).then(
    (failure) => {
      found = failure;
      stop.abort();
    },
    // The engine's own word is the one that counts then.
    () => undefined,
  );
  return {
    signals: { interrupt: AbortSignal.any([interrupt, stop.signal]), kill },
    found: () => found,
    close: () => over.abort(),
  };
}

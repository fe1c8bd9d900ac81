/** Ends an engine that says nothing any more: politely first, at once when that does not help. */
import type { RunSignals } from "./run-signals.ts";

/** Longer than the longest a single resource may take by its own deadline (a set-up job: 30 minutes). */
const SILENCE_MILLISECONDS = 35 * 60_000;
const GRACE_MILLISECONDS = 60_000;

export interface SilenceWatch {
  /** The given signals, and this watch's own. */
  signals: RunSignals;
  /** Called for every event. */
  heard(): void;
  /** Whether the engine was stopped for its silence. */
  fired(): boolean;
  close(): void;
}

/** Starts watching; the limits are for tests to shorten. */
export function watchSilence(
  { interrupt, kill }: RunSignals,
  limits: { silenceMilliseconds: number; graceMilliseconds: number } = {
    silenceMilliseconds: SILENCE_MILLISECONDS,
    graceMilliseconds: GRACE_MILLISECONDS,
  },
): SilenceWatch {
  const politely = new AbortController();
  const atOnce = new AbortController();
  const stop = () => {
    politely.abort();
    timer = setTimeout(() => atOnce.abort(), limits.graceMilliseconds);
  };
  let timer = setTimeout(stop, limits.silenceMilliseconds);
  return {
    signals: {
      interrupt: AbortSignal.any([interrupt, politely.signal]),
      kill: AbortSignal.any([kill, atOnce.signal]),
    },
    heard() {
      if (!politely.signal.aborted) timer.refresh();
    },
    fired: () => politely.signal.aborted,
    close: () => clearTimeout(timer),
  };
}

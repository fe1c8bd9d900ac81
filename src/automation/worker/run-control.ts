/** Who may stop a running operation, and how: politely, at once, or because it is no longer ours. */
import type { RunSignals } from "./run-signals.ts";

export interface RunControl {
  readonly signals: RunSignals;
  /** The customer asked: politely now, at once after the grace period. Ignored past the irreversible step. */
  cancel(): void;
  /** The step's time is over: the same two phases. */
  stop(): void;
  /** The worker is being stopped: politely, and the operation goes back to the queue. */
  drain(): void;
  /** The lease is gone: everything of it ends at once, and nothing more is written. */
  lose(): void;
  makeIrreversible(): void;
  cancelRequested(): boolean;
  draining(): boolean;
  lost(): boolean;
  /** Fresh signals for going back after a cancel or a deadline; a lost lease stays lost. */
  renewSignals(): void;
  close(): void;
}

/** Makes the control of one run. */
export function createRunControl(graceMilliseconds: number): RunControl {
  let interrupt = new AbortController();
  let kill = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const state = { canceled: false, draining: false, lost: false, irreversible: false };

  const stop = () => {
    if (interrupt.signal.aborted) return;
    interrupt.abort();
    const current = kill;
    timer = setTimeout(() => current.abort(), graceMilliseconds);
  };
  const control: RunControl = {
    get signals() {
      return { interrupt: interrupt.signal, kill: kill.signal };
    },
    cancel() {
      if (state.irreversible || state.canceled) return;
      state.canceled = true;
      stop();
    },
    stop,
    drain() {
      state.draining = true;
      if (!state.irreversible) stop();
    },
    lose() {
      state.lost = true;
      interrupt.abort();
      kill.abort();
    },
    makeIrreversible() {
      state.irreversible = true;
    },
    cancelRequested: () => state.canceled,
    draining: () => state.draining,
    lost: () => state.lost,
    renewSignals() {
      clearTimeout(timer);
      if (state.lost) return;
      interrupt = new AbortController();
      kill = new AbortController();
    },
    close: () => clearTimeout(timer),
  };
  return control;
}

/** How the steps of an operation wait for a cluster: for how long, and what the operation's reader hears meanwhile. */
import type { ClusterFailure } from "../../../kubernetes/failure.ts";
import type { WaitOptions } from "../../../kubernetes/namespace-view.ts";
import { type PatienceLimits, patienceSeconds, patiently } from "../../../kubernetes/patience.ts";
import type { StepIo } from "../../worker/target-driver.ts";

export interface ClusterWaits {
  patience: PatienceLimits;
  /** Until a namespace that was deleted is gone: pods get their grace period and volumes their release. */
  namespaceSeconds: number;
}

/** What holds unless the driver was given others. */
export const usualWaits: ClusterWaits = { patience: patienceSeconds, namespaceSeconds: 150 };

export interface ClusterIo extends StepIo {
  /** @default usualWaits */
  waits?: ClusterWaits;
}

/** The same step with these waits; its signal may be another one later. */
export const withWaits = (io: StepIo, waits: ClusterWaits): ClusterIo => ({
  say: (message) => io.say(message),
  phase: (phase) => io.phase(phase),
  checkLease: () => io.checkLease(),
  get signal() {
    return io.signal;
  },
  waits,
});

/** Told to the operation's reader when the cluster begins to be away. */
export const sayTrouble = (io: Pick<StepIo, "say">) => (trouble: ClusterFailure) =>
  io.say(`${trouble.message} It is tried again`);

/**
 * Does it again until the cluster answers, as long as the step may wait.
 * @param onTrouble called besides, when the cluster begins to be away
 * @throws ClusterFailure when the wait was too long, or is none that helps; the signal's reason when that aborts
 */
export function patientlyIn<T>(io: ClusterIo, work: () => Promise<T>, onTrouble?: () => void): Promise<T> {
  const told = (trouble: ClusterFailure) => {
    onTrouble?.();
    sayTrouble(io)(trouble);
  };
  return patiently(work, io.signal, told, io.waits?.patience);
}

/** A namespace followed for as long as the step may wait. */
export const waitOptions = (namespace: string, io: ClusterIo): WaitOptions => ({
  namespace,
  signal: io.signal,
  onTrouble: sayTrouble(io),
  limits: io.waits?.patience,
});

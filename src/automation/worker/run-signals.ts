/** The two ways an engine run is ended from outside. */

/** Politely: the operation was canceled or its time is over. At once: the lease is lost or the grace period over. */
export interface RunSignals {
  interrupt: AbortSignal;
  kill: AbortSignal;
}

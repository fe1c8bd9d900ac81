/** How long others wait for a worker that says nothing, and how often it looks for drift, from the environment. */
import type { WorkerTimings } from "../automation/worker/start.ts";
import { SetupError } from "../domain/setup-error.ts";

const SHORTEST_LEASE_SECONDS = 2;
const RENEWALS_PER_LEASE = 5;
/** Somebody who runs a control plane expects it to notice; what it costs others was measured (P8). */
const RECONCILE_SECONDS = 900;

/**
 * Reads ONVERA_LEASE_SECONDS: after so much silence others take a worker's operations over.
 * @returns nothing where it is not set
 * @throws SetupError `invalid-setting`
 */
export function leaseTimings(text: string | undefined): Partial<WorkerTimings> {
  if (text === undefined || text === "") return {};
  const leaseSeconds = Number(text);
  if (Number.isFinite(leaseSeconds) && leaseSeconds >= SHORTEST_LEASE_SECONDS) {
    return { leaseSeconds, renewSeconds: leaseSeconds / RENEWALS_PER_LEASE };
  }
  throw new SetupError("invalid-setting", {
    what: `ONVERA_LEASE_SECONDS is '${text}'`,
    why: `it must be a number of seconds, at least ${SHORTEST_LEASE_SECONDS}; a shorter lease is lost to an ordinary pause.`,
    nextStep: "Correct it, or unset it for the default of 25.",
  });
}

/**
 * Reads ONVERA_RECONCILE_INTERVAL_SECONDS: how often deployments are compared with what was recorded of them.
 * @returns the default where it is not set
 * @throws SetupError `invalid-setting`
 */
export function reconcileTimings(text: string | undefined): Pick<WorkerTimings, "reconcileSeconds"> {
  if (text === undefined || text === "") return { reconcileSeconds: RECONCILE_SECONDS };
  const reconcileSeconds = Number(text);
  if (Number.isFinite(reconcileSeconds) && (reconcileSeconds === 0 || reconcileSeconds >= 1))
    return { reconcileSeconds };
  throw new SetupError("invalid-setting", {
    what: `ONVERA_RECONCILE_INTERVAL_SECONDS is '${text}'`,
    why: "it must be a number of seconds from 1 on, or 0 for never.",
    nextStep: `Correct it, or unset it for the default of ${RECONCILE_SECONDS}.`,
  });
}

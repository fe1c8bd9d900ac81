/** When a delivery that failed is tried again, and when an endpoint is given up. */

export interface WebhookPolicy {
  /** Between a try and the next one, seconds; after the last one the delivery has failed. */
  retryDelaysSeconds: readonly number[];
  /** An endpoint that has answered nothing well for so long is switched off at its next failure. */
  disableAfterSeconds: number;
  /** How long one try may take. */
  timeoutMilliseconds: number;
  /** Hosts that may have private addresses and be asked by http. */
  privateHosts: readonly string[];
}

/** Eleven tries within a day; five days until an endpoint is switched off. */
export const defaultWebhookPolicy: WebhookPolicy = {
  retryDelaysSeconds: [5, 30, 120, 600, 1800, 3600, 2 * 3600, 4 * 3600, 6 * 3600, 10 * 3600],
  disableAfterSeconds: 5 * 24 * 3600,
  timeoutMilliseconds: 15_000,
  privateHosts: [],
};

/** At most this share is added to a pause, so that many deliveries do not come back at one moment. */
const SPREAD = 0.1;

/**
 * Seconds until the next try; undefined when there is none.
 * @param attempts how many tries there were
 * @param random 0 to 1
 */
export function retryDelay(policy: WebhookPolicy, attempts: number, random: number): number | undefined {
  const delay = policy.retryDelaysSeconds[attempts - 1];
  return delay === undefined ? undefined : delay * (1 + SPREAD * random);
}

/** Counts what goes through the gateway, per deployment. Latencies are of the last minutes, the rest since the start. */
import type { MetricsReport } from "../supervisor/protocol.ts";

export type TrafficReport = MetricsReport["gateway"];

const SLOTS = 5;
const SLOT_MILLISECONDS = 60_000;
/** Bounds grow by a fifth: a percentile is right to within 20 %. */
const GROWTH = 1.2;
const BUCKETS = 90;

interface Slot {
  minute: number;
  counts: Uint32Array;
}

class Counter {
  requests = 0;
  errors = 0;
  bytesOut = 0;
  readonly slots: Slot[] = [];
}

export class Traffic {
  readonly #counters = new Map<string, Counter>();

  /**
   * Counts one request that has been answered.
   * @param latencyMilliseconds until the answer began
   */
  record(deploymentId: string, answer: { status: number; bytesOut: number; latencyMilliseconds: number }): void {
    const counter = this.#counters.get(deploymentId) ?? new Counter();
    this.#counters.set(deploymentId, counter);
    counter.requests++;
    if (answer.status >= 500) counter.errors++;
    counter.bytesOut += answer.bytesOut;
    const minute = Math.floor(Date.now() / SLOT_MILLISECONDS);
    let slot = counter.slots.at(-1);
    if (slot?.minute !== minute) {
      slot = { minute, counts: new Uint32Array(BUCKETS) };
      counter.slots.push(slot);
      if (counter.slots.length > SLOTS) counter.slots.shift();
    }
    const bucket = bucketOf(answer.latencyMilliseconds);
    slot.counts[bucket] = (slot.counts[bucket] ?? 0) + 1;
  }

  /** The figures of a deployment; zeros when nothing came yet. */
  report(deploymentId: string): TrafficReport {
    const counter = this.#counters.get(deploymentId) ?? new Counter();
    const oldest = Math.floor(Date.now() / SLOT_MILLISECONDS) - SLOTS;
    const slots = counter.slots.filter(({ minute }) => minute > oldest);
    const total = Array.from({ length: BUCKETS }, (_, index) =>
      slots.reduce((sum, slot) => sum + (slot.counts[index] ?? 0), 0),
    );
    return {
      requests: counter.requests,
      errors: counter.errors,
      bytesOut: counter.bytesOut,
      latencyMilliseconds: { p50: percentile(total, 0.5), p95: percentile(total, 0.95), p99: percentile(total, 0.99) },
    };
  }
}

/** The bucket of a latency: the first reaches to half a millisecond. */
function bucketOf(milliseconds: number): number {
  if (milliseconds <= 0.5) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log(milliseconds / 0.5) / Math.log(GROWTH)));
}

/** Upper bound of the bucket in which a share of all requests is reached, milliseconds. */
function percentile(counts: number[], share: number): number {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return 0;
  let seen = 0;
  const bucket = counts.findIndex((count) => {
    seen += count;
    return seen >= all * share;
  });
  return Math.round(0.5 * GROWTH ** bucket * 10) / 10;
}

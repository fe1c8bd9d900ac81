/** The end of every test that breaks a cluster under load: nothing is broken any more, all ends, then all is compared. */
import { setTimeout as wait } from "node:timers/promises";
import type { ChaosReport } from "../chaos-test.ts";
import { audit } from "./audit.ts";
import type { Cluster } from "./cluster.ts";
import type { Load } from "./load.ts";

/** After the last fault every operation must have ended within this time. */
const SETTLE_SECONDS = 300;

/**
 * Lets the load come to its end, compares, and tells.
 * @param done what was broken, and how often
 */
export async function settle(
  test: string,
  cluster: Cluster,
  load: Load,
  done: ReadonlyMap<string, number>,
): Promise<ChaosReport> {
  // What failed is still somebody's: with everything in order again it must be possible to make it go.
  const settled = await withinSeconds(
    load.stop().then(() => load.clear()),
    SETTLE_SECONDS,
  );
  const cases = [...done.values()].reduce((sum, count) => sum + count, 0);
  const found = await audit(cluster, load.accepted);
  const failures = [
    ...(settled ? [] : [`After ${SETTLE_SECONDS} s without faults some operations had not ended`]),
    ...found.lost,
    ...found.orphans,
    ...found.duplicates,
    ...found.differences,
  ];
  const sorted = load.seconds.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
  return {
    result: {
      test,
      cases,
      terminal: found.terminal,
      orphans: found.orphans.length,
      duplicates: found.duplicates.length,
      lost: found.lost.length,
      ok: failures.length === 0,
    },
    table: [
      ["what", "count"],
      ...[...done].map(([name, count]) => [name, String(count)]),
      ["operations accepted", String(load.accepted.length)],
      ...Object.entries(load.endings).map(([status, count]) => [`operations ${status}`, String(count)]),
      ...[...found.causes].map(([cause, count]) => [cause, String(count)]),
      ["requests asked again", String(load.repeated())],
      ["seconds to the end, p50", at(0.5)],
      ["seconds to the end, p95", at(0.95)],
    ],
    failures,
  };
}

async function withinSeconds(work: Promise<unknown>, seconds: number): Promise<boolean> {
  const late = new AbortController();
  const timeout = wait(seconds * 1000, false, { signal: late.signal }).catch(() => false);
  const inTime = work.then(() => true);
  const result = await Promise.race([inTime, timeout]);
  late.abort();
  return result;
}

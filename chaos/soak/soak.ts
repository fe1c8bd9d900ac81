/** R3: real stacks come, change and go while something breaks every twenty seconds; afterwards everything must agree. */
import { setTimeout as wait } from "node:timers/promises";
import type { ChaosOptions, ChaosReport, ChaosTest } from "../chaos-test.ts";
import { audit } from "../cluster/audit.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { type Load, startLoad } from "../cluster/load.ts";
import { chanceOf } from "../cluster/random.ts";
import { type FaultName, faultNames, strike } from "./faults.ts";

export interface SoakOptions extends ChaosOptions {
  people: number;
  faultEverySeconds: number;
  leaseSeconds: number;
  servers: number;
  workers: number;
}

const DEFAULT_MINUTES = 10;
/** After the last fault every operation must have ended within this time. */
const SETTLE_SECONDS = 300;

export const soak: ChaosTest = {
  summary: "R3: faults every 20 s for --minutes under load; then state, reality and API are compared",
  run: (options) => runSoak({ ...options, people: 4, faultEverySeconds: 20, leaseSeconds: 25, servers: 2, workers: 3 }),
};

/** Runs a soak of any size. */
export async function runSoak(options: SoakOptions): Promise<ChaosReport> {
  const chance = chanceOf(options.seed);
  const cluster = await startCluster({ ...options, slots: 2 });
  const done = new Map<FaultName, number>();
  try {
    const load = startLoad(cluster, chanceOf(options.seed + 1), options.people);
    const end = Date.now() + (options.minutes ?? DEFAULT_MINUTES) * 60_000;
    while (Date.now() < end) {
      const next = Date.now() + options.faultEverySeconds * 1000;
      const name = chance.pick(faultNames);
      const hit = await strike(cluster, name, { chance, times: { leaseSeconds: options.leaseSeconds, cutSeconds: 8 } });
      if (hit) done.set(name, (done.get(name) ?? 0) + 1);
      options.say(`${new Date().toISOString()} ${name}${hit ? "" : ": nothing to hit"}; ${progress(load)}`);
      await wait(Math.max(0, next - Date.now()));
    }
    const stopped = await withinSeconds(load.stop(), SETTLE_SECONDS);
    return await report(cluster, load, done, stopped);
  } finally {
    await cluster.stop();
  }
}

const progress = ({ accepted, endings }: Load): string =>
  `${accepted.length} accepted, ${Object.entries(endings)
    .map(([status, count]) => `${count} ${status}`)
    .join(", ")}`;

async function report(
  cluster: Cluster,
  load: Load,
  done: Map<FaultName, number>,
  settled: boolean,
): Promise<ChaosReport> {
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
      test: "soak",
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

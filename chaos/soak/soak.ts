/** R3: real stacks come, change and go while something breaks every twenty seconds; afterwards everything must agree. */
import { setTimeout as wait } from "node:timers/promises";
import type { ChaosOptions, ChaosReport, ChaosTest } from "../chaos-test.ts";
import { startCluster } from "../cluster/cluster.ts";
import { type Load, startLoad } from "../cluster/load.ts";
import { chanceOf } from "../cluster/random.ts";
import { settle } from "../cluster/settle.ts";
import { type FaultName, faultNames, strike } from "./faults.ts";

export interface SoakOptions extends ChaosOptions {
  people: number;
  faultEverySeconds: number;
  leaseSeconds: number;
  servers: number;
  workers: number;
}

const DEFAULT_MINUTES = 10;

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
    return await settle("soak", cluster, load, done);
  } finally {
    await cluster.stop();
  }
}

const progress = ({ accepted, endings }: Load): string =>
  `${accepted.length} accepted, ${Object.entries(endings)
    .map(([status, count]) => `${count} ${status}`)
    .join(", ")}`;

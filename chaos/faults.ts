/** R4: the line between servers, workers and PostgreSQL is bad in every way a network is, in turn and mixed, under load. */
import { setTimeout as wait } from "node:timers/promises";
import type { LineFault } from "../test/support/tcp-proxy.ts";
import type { ChaosOptions, ChaosReport, ChaosTest } from "./chaos-test.ts";
import { type Cluster, startCluster } from "./cluster/cluster.ts";
import { type Load, startLoad } from "./cluster/load.ts";
import { chanceOf } from "./cluster/random.ts";
import { settle } from "./cluster/settle.ts";

const single = {
  latency: { kind: "latency", milliseconds: 60, jitterMilliseconds: 120 },
  bandwidth: { kind: "slow", bytesPerSecond: 40_000 },
  timeout: { kind: "silent" },
  reset: { kind: "reset" },
  slices: { kind: "sliced", bytes: 7 },
  limit: { kind: "limited", bytes: 30_000 },
  down: { kind: "cut" },
} as const satisfies Record<string, LineFault>;

/** Each kind alone, then such as come together. */
const faults: Readonly<Record<string, readonly LineFault[]>> = {
  ...Object.fromEntries(Object.entries(single).map(([name, fault]) => [name, [fault]])),
  "latency, slices": [single.latency, single.slices],
  "latency, limit": [single.latency, single.limit],
  "bandwidth, slices, limit": [single.bandwidth, single.slices, single.limit],
};

interface FaultsOptions extends ChaosOptions {
  servers: number;
  workers: number;
  people: number;
  /** How long a line stays bad, and then good. */
  seconds: { bad: number; good: number };
  leaseSeconds: number;
}

const TURNS = 2;

export const faultsTest: ChaosTest = {
  summary: "R4: latency, bandwidth, timeout, reset, slices, limit and loss of the database's line (--count N turns)",
  run: (options) =>
    runFaults({ ...options, servers: 2, workers: 2, people: 4, seconds: { bad: 12, good: 4 }, leaseSeconds: 8 }),
};

/** Runs the faults of any size. */
export async function runFaults(options: FaultsOptions): Promise<ChaosReport> {
  const { seconds, seed, people, only, say } = options;
  const cluster = await startCluster({ ...options, slots: 2 });
  const done = new Map<string, number>();
  try {
    const load = startLoad(cluster, chanceOf(seed), people);
    await load.deploy();
    for (let turn = 0; turn < (options.count ?? TURNS); turn += 1) {
      for (const [name, kinds] of Object.entries(faults)) {
        if (!name.includes(only ?? "")) continue;
        const before = load.accepted.length;
        await spoilFor(cluster, kinds, seconds.bad);
        await wait(seconds.good * 1000);
        done.set(name, (done.get(name) ?? 0) + 1);
        say(`${name}: ${load.accepted.length - before} accepted meanwhile, ${ended(load)} ended in all`);
      }
    }
    return await settle("faults", cluster, load, done);
  } finally {
    await cluster.stop();
  }
}

/** A reset is over at once: it comes again every second. */
async function spoilFor({ line }: Cluster, kinds: readonly LineFault[], seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    if (second === 0 || kinds.some(({ kind }) => kind === "reset")) line.spoil(...kinds);
    await wait(1000);
  }
  line.mend();
}

const ended = ({ endings }: Load): number => Object.values(endings).reduce((sum, count) => sum + count, 0);

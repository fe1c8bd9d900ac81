/** R5: PostgreSQL is stopped at once, again and again, under load; what was acknowledged is there, and work goes on. */
import { setTimeout as wait } from "node:timers/promises";
import type { ChaosOptions, ChaosReport, ChaosTest } from "./chaos-test.ts";
import { type Cluster, startCluster } from "./cluster/cluster.ts";
import { type Load, startLoad } from "./cluster/load.ts";
import { chanceOf } from "./cluster/random.ts";
import { settle } from "./cluster/settle.ts";

interface StopsOptions extends ChaosOptions {
  servers: number;
  workers: number;
  people: number;
  leaseSeconds: number;
}

const STOPS = 20;
/** Between two stops, so that each finds work at another place. */
const LONGEST_PAUSE_MILLISECONDS = 4000;
const RECOVERED_SECONDS = 120;
const POLL_MILLISECONDS = 50;

export const postgresStops: ChaosTest = {
  summary:
    "R5: immediate stops of PostgreSQL under load, with the time to the first accepted and the first ended (--count N)",
  run: (options) => runStops({ ...options, servers: 2, workers: 2, people: 4, leaseSeconds: 8 }),
};

/** Seconds from the stop. */
interface Recovery {
  /** Until the last of its processes had ended. */
  gone: number;
  running: number;
  accepted: number;
  terminal: number;
}

/** Runs the stops of any size. */
export async function runStops(options: StopsOptions): Promise<ChaosReport> {
  const chance = chanceOf(options.seed);
  const cluster = await startCluster({ ...options, slots: 2 });
  const recoveries: Recovery[] = [];
  try {
    const load = startLoad(cluster, chanceOf(options.seed + 1), options.people);
    await load.deploy();
    for (let stop = 1; stop <= (options.count ?? STOPS); stop += 1) {
      await wait(chance.next() * LONGEST_PAUSE_MILLISECONDS);
      const recovery = await stopAndRecover(cluster, load);
      recoveries.push(recovery);
      options.say(`stop ${stop}: ${told(recovery)}; ${load.accepted.length} operations accepted so far`);
    }
    const done = new Map([["immediate stops of PostgreSQL", recoveries.length]]);
    return withRecoveries(await settle("postgres-stops", cluster, load, done), recoveries);
  } finally {
    await cluster.stop();
  }
}

async function stopAndRecover(cluster: Cluster, load: Load): Promise<Recovery> {
  const since = performance.now();
  const seconds = () => (performance.now() - since) / 1000;
  await cluster.postgres.crash();
  const gone = seconds();
  const before = await restart(cluster);
  const running = seconds();
  await load.deploy();
  const accepted = seconds();
  while (!(await anyEndedSince(cluster, before))) {
    if (seconds() > RECOVERED_SECONDS) return { gone, running, accepted, terminal: Number.POSITIVE_INFINITY };
    await wait(POLL_MILLISECONDS);
  }
  return { gone, running, accepted, terminal: seconds() };
}

/** Brings the server back. @returns when it answered, by its own clock */
async function restart(cluster: Cluster): Promise<Date> {
  await cluster.postgres.restart();
  const [row] = await cluster.ask<{ now: Date }>("SELECT now()");
  return row?.now ?? new Date();
}

async function anyEndedSince(cluster: Cluster, since: Date): Promise<boolean> {
  const rows = await cluster.ask("SELECT 1 FROM onvera.operations WHERE ended_at > $1 LIMIT 1", [since]);
  return rows.length > 0;
}

const told = ({ gone, running, accepted, terminal }: Recovery): string =>
  `gone after ${gone.toFixed(2)} s, runs after ${running.toFixed(2)} s, first accepted after ${accepted.toFixed(2)} s, first ended after ${terminal.toFixed(2)} s`;

function withRecoveries(report: ChaosReport, recoveries: readonly Recovery[]): ChaosReport {
  const of = (which: keyof Recovery) => recoveries.map((one) => one[which]).toSorted((one, other) => one - other);
  const at = (which: keyof Recovery, share: number) => {
    const sorted = of(which);
    return Number((sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(2));
  };
  const late = recoveries.filter(({ terminal }) => !Number.isFinite(terminal)).length;
  const failures = [
    ...report.failures,
    ...(late === 0 ? [] : [`after ${late} stops nothing had ended within ${RECOVERED_SECONDS} s`]),
  ];
  return {
    result: { ...report.result, ok: failures.length === 0 },
    figures: {
      acceptedSecondsMedian: at("accepted", 0.5),
      acceptedSecondsLongest: at("accepted", 1),
      endedSecondsMedian: at("terminal", 0.5),
      endedSecondsLongest: at("terminal", 1),
    },
    table: report.table,
    failures,
  };
}

/** R12: without room, memory, descriptors or patience; refused cleanly, and healthy again soon after the relief. */
import type { ChaosOptions, ChaosReport, ChaosTest } from "./chaos-test.ts";
import { audit, type Findings } from "./cluster/audit.ts";
import { type Cluster, startCluster } from "./cluster/cluster.ts";
import { startLoad } from "./cluster/load.ts";
import { chanceOf } from "./cluster/random.ts";
import { startStarvedEngine } from "./starvation/starved-engine.ts";
import { FEW_DESCRIPTORS, type StarvedCase, type StarvedSizes, serverCases } from "./starvation/starved-server.ts";

const HEALTHY_SECONDS = 30;
const LEASE_SECONDS = 8;

export const starvation: ChaosTest = {
  summary: "R12: 1,000 idle streams, trickled headers, 100 MB bodies, few descriptors, little memory, full disks",
  run: (options) => runStarvation(options, { streams: 1000, slowConnections: 300, waitForClosing: true }),
};

interface Outcome {
  name: string;
  faults: string[];
  measured: string;
  healthySeconds: number;
}

/** Starves in each of these ways; the work must go through afterwards. */
type Run = (cases: readonly StarvedCase[], work: () => Promise<void>) => Promise<void>;

/** Runs every case, the server's and the engine's. */
export async function runStarvation(options: ChaosOptions, sizes: StarvedSizes): Promise<ChaosReport> {
  const wanted = ({ name }: StarvedCase) => name.includes(options.only ?? "");
  const outcomes: Outcome[] = [];
  const run: Run = async (cases, work) => {
    for (const one of cases.filter(wanted)) {
      const outcome = await starveOnce(one, work);
      outcomes.push(outcome);
      options.say(lineOf(outcome));
    }
  };
  const server = await starveServer(options, sizes, run);
  const engine = await startStarvedEngine();
  try {
    await run(engine.cases, () => engine.deploy());
  } finally {
    await engine.stop();
  }
  const { lost, orphans, duplicates, differences } = server;
  const failures = [
    ...outcomes.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`)),
    ...[...lost, ...orphans, ...duplicates, ...differences],
  ];
  return {
    result: {
      test: "starvation",
      cases: outcomes.length,
      terminal: outcomes.filter(({ healthySeconds }) => Number.isFinite(healthySeconds)).length,
      orphans: orphans.length,
      duplicates: duplicates.length,
      lost: lost.length,
      ok: outcomes.length > 0 && failures.length === 0,
    },
    figures: { healthySecondsLongest: Number(Math.max(...outcomes.map(({ healthySeconds: s }) => s)).toFixed(1)) },
    table: [
      ["starved of, or by", "what was seen", "healthy after, s"],
      ...outcomes.map(({ name, measured, healthySeconds }) => [name, measured, healthySeconds.toFixed(1)]),
    ],
    failures,
  };
}

/** @returns what was compared afterwards */
async function starveServer({ seed }: ChaosOptions, sizes: StarvedSizes, run: Run): Promise<Findings> {
  const cluster = await startCluster({
    servers: 1,
    workers: 1,
    slots: 2,
    leaseSeconds: LEASE_SECONDS,
    serverOpenFiles: FEW_DESCRIPTORS,
  });
  try {
    const load = startLoad(cluster, chanceOf(seed), 0);
    await run(serverCases(cluster, sizes), async () => ended(cluster, await load.deploy()));
    return await audit(cluster, load.accepted);
  } finally {
    await cluster.stop();
  }
}

/** Starves, relieves, and takes the time until a whole deployment goes through. */
async function starveOnce({ name, starve }: StarvedCase, work: () => Promise<void>): Promise<Outcome> {
  const problem = (error: unknown) => (error instanceof Error ? error.message : String(error));
  const { faults, measured } = await starve().catch((error) => ({ faults: [problem(error)], measured: "" }));
  const since = performance.now();
  const wrong = await work().then(
    () => undefined,
    (error) => `not healthy afterwards: ${problem(error)}`,
  );
  const seconds = (performance.now() - since) / 1000;
  const late = wrong === undefined && seconds > HEALTHY_SECONDS ? [`healthy only after ${seconds.toFixed(1)} s`] : [];
  const healthySeconds = wrong === undefined ? seconds : Number.POSITIVE_INFINITY;
  return { name, measured, healthySeconds, faults: [...faults, ...late, ...(wrong === undefined ? [] : [wrong])] };
}

async function ended(cluster: Cluster, operationId: string): Promise<void> {
  for (;;) {
    const { body } = await cluster.call("GET", `/operations/${operationId}?wait=10s`);
    if (body?.data?.status === "succeeded") return;
    if (body?.data?.ended_at) throw new Error(`a deployment ended as ${body.data.status}`);
  }
}

const lineOf = ({ name, faults, measured, healthySeconds }: Outcome): string =>
  `${faults.length === 0 ? "ok" : "FAILED"} ${name}: ${[measured, ...faults].join("; ")}; healthy after ${healthySeconds.toFixed(1)} s`;

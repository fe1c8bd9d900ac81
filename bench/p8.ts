/** P8: what looking for drift costs, how much of it is decided without the engine, and whom it holds up. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type DriftSweepDeps, sweepDrift } from "../src/automation/drift/drift-sweep.ts";
import { bareCli } from "./bare-cli.ts";
import { type BenchPlane, startBenchPlane } from "./bench-plane.ts";
import { type Figure, figureOf, interleave } from "./figure.ts";

/** Of each kind: with items, and with a database and its roles. */
const DEPLOYMENTS = 6;
const ITEMS = { version: "items", bench_resources: 10 };
const DATABASE = { version: "database" };

/** `runs` of each, in turns. */
export async function p8(runs: number): Promise<Figure[]> {
  const bench = await startBenchPlane();
  try {
    const made = Array.from({ length: DEPLOYMENTS }, () => [bench.ready(ITEMS), bench.ready(DATABASE)]);
    const deployments = await Promise.all(made.flat());
    const deps = sweepDeps(bench);
    return [
      ...(await cost(bench, deps, runs)),
      await share(bench, deps, deployments[0] ?? ""),
      await delay(bench, deps, deployments[2] ?? "", runs),
    ];
  } finally {
    await bench.stop();
  }
}

function sweepDeps({ plane }: BenchPlane): DriftSweepDeps {
  const { store, dataKeys, node, drivers } = plane.workerDeps();
  if (drivers.local === undefined) throw new Error("There is no local driver");
  return { store, dataKeys, place: { kind: "local", node }, driver: drivers.local };
}

/** A sweep's milliseconds for each deployment, against one unchanged `up` of the bare CLI with our keys, its fastest form. */
async function cost(bench: BenchPlane, deps: DriftSweepDeps, runs: number): Promise<Figure[]> {
  const cli = await bareCli(bench, await bench.peerStack(ITEMS), "served");
  try {
    await cli.first();
    await sweepDrift(deps);
    const samples = await interleave(
      runs,
      async () => {
        const start = performance.now();
        const { looked, differing } = await sweepDrift(deps);
        if (differing.length > 0) throw new Error(`Nothing changed, and these differ: ${differing.join(", ")}`);
        return (performance.now() - start) / looked;
      },
      () => cli.up(),
      bench.settle,
    );
    const head = { figure: "P8", unit: "ms" };
    return [figureOf({ ...head, case: "unchanged, per deployment, against `pulumi up`", aim: "<= 0.02" }, samples)];
  } finally {
    await cli.close();
  }
}

/** One of them has lost an item: the share of all that was decided without the engine. */
async function share(bench: BenchPlane, deps: DriftSweepDeps, broken: string): Promise<Figure> {
  rmSync(join(bench.plane.ledgerFolder, broken, "item-1.json"));
  const { looked, queued } = await sweepDrift(deps);
  if (queued.join() !== broken) throw new Error(`One item was removed, and these were queued: ${queued.join(", ")}`);
  const [operation] = await bench.plane.store.asPlatform((db) =>
    db
      .selectFrom("operations")
      .select("id")
      .where("resource_id", "=", broken)
      .orderBy("requested_at", "desc")
      .execute(),
  );
  await bench.plane.ended(operation?.id ?? "");
  const decided = (looked - queued.length) / looked;
  const head = { figure: "P8", case: `decided without Pulumi, 1 of ${looked} damaged`, unit: "share", aim: "" };
  const figure = figureOf(head, { ours: [decided], peer: [] });
  return { ...figure, ours: Math.round(decided * 1000) / 1000 };
}

/** A person's unchanged update from accept to end, begun in the middle of a sweep, against the same in peace. */
async function delay(bench: BenchPlane, deps: DriftSweepDeps, deploymentId: string, runs: number): Promise<Figure> {
  await bench.timeUpdate(deploymentId, ITEMS);
  const samples = await interleave(
    runs,
    async () => {
      const sweeping = sweepDrift(deps);
      const milliseconds = await bench.timeUpdate(deploymentId, ITEMS);
      await sweeping;
      return milliseconds;
    },
    () => bench.timeUpdate(deploymentId, ITEMS),
    bench.settle,
  );
  const name = "a person's operation begun in the middle of a sweep";
  return figureOf({ figure: "P8", case: name, unit: "ms", aim: "<= 1.2" }, samples);
}

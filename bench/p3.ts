/** P3: operations a minute with 1, 2, 4 and 8 runners, against a loop over the bare CLI. */
import { type BareCli, bareCli } from "./bare-cli.ts";
import { type BenchPlane, startBenchPlane } from "./bench-plane.ts";
import { type Figure, figureOf } from "./figure.ts";

const STACKS = 12;
const spec = { version: "database" };

/** Independent stacks of six real PostgreSQL resources each, updated without a change. */
export async function p3(rounds: number): Promise<Figure[]> {
  const ours: Record<number, number[]> = { 1: [], 2: [], 4: [], 8: [] };
  const loops: Record<number, number[]> = { 1: [], 2: [], 4: [], 8: [] };
  for (let round = 0; round < rounds; round++) {
    for (const runners of [1, 2, 4, 8]) {
      const bench = await startBenchPlane({ slots: runners, warmRunners: Math.min(runners, 2) });
      try {
        const deployments: string[] = [];
        for (let index = 0; index < STACKS; index++) deployments.push(await bench.ready(spec));
        const cli = await bareCli(bench, await bench.peerStack(spec), "passphrase");
        await cli.first();
        // The loop before and after ours: what else the machine does falls on both.
        const before = await cliRate(cli, bench);
        ours[runners]?.push(await ourRate(bench, deployments));
        loops[runners]?.push((before + (await cliRate(cli, bench))) / 2);
        await cli.close();
      } finally {
        await bench.stop();
      }
    }
  }
  const figures = Object.keys(ours).map((runners) => {
    const aim = runners === "2" ? ">= 1.4" : "";
    const samples = { ours: ours[Number(runners)] ?? [], peer: loops[Number(runners)] ?? [] };
    return figureOf({ figure: "P3", case: `${runners} runners, to a loop`, unit: "ops/min", aim }, samples);
  });
  // Each rate in units of the loop beside it, so that eight runners are compared with the best of the same weather.
  const relative = figures.map(({ ratio }) => ratio);
  const best = { ours: relative.slice(-1), peer: [Math.max(...relative)] };
  return [...figures, figureOf({ figure: "P3", case: "8 runners, to the best", unit: "loops", aim: ">= 0.9" }, best)];
}

async function ourRate({ plane }: BenchPlane, deployments: string[]): Promise<number> {
  const start = performance.now();
  const operations = await Promise.all(deployments.map((id) => plane.change(id, "deployment.update", spec)));
  const ended = await Promise.all(operations.map(({ id }) => plane.ended(id, 600)));
  const failed = ended.find(({ status }) => status !== "succeeded");
  if (failed) throw new Error(`A run failed: ${JSON.stringify(failed.error)}`);
  return (deployments.length / (performance.now() - start)) * 60_000;
}

/** The loop a script would be: one process after the other. */
async function cliRate(cli: BareCli, bench: BenchPlane): Promise<number> {
  const count = Math.ceil(STACKS / 2);
  await bench.settle();
  const start = performance.now();
  for (let index = 0; index < count; index++) await cli.up();
  return (count / (performance.now() - start)) * 60_000;
}

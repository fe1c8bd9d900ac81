/** P1: a whole operation, accept to end, against the bare CLI. */
import { bareCli, type Keys } from "./bare-cli.ts";
import { startBenchPlane } from "./bench-plane.ts";
import { type Figure, figureOf, interleave, type Samples } from "./figure.ts";

const AIM = "<= 1.25";

/** Runs 0, 10 and 40 resources, first and unchanged, with the CLI's own keys and with ours. */
export async function p1(runs: number): Promise<Figure[]> {
  const bench = await startBenchPlane();
  const figures: Figure[] = [];
  try {
    // The first CLI process of all reads the program from disk; nobody is measured on that.
    await bench.timeCreate({ bench_resources: 1 });
    for (const count of [0, 10, 40]) {
      const spec = { bench_resources: count };
      const first = await interleave(
        runs,
        () => bench.timeCreate(spec),
        async () => {
          const cli = await bareCli(bench, await bench.peerStack(spec), "passphrase");
          try {
            return await cli.first();
          } finally {
            await cli.close();
          }
        },
        bench.settle,
      );
      figures.push(figureOf({ figure: "P1", case: `first run, ${count} resources`, unit: "ms", aim: AIM }, first));
      const deploymentId = await bench.ready(spec);
      for (const keys of ["passphrase", "served"] as const) {
        const unchanged = await timeUnchanged(deploymentId, spec, keys);
        const name = `unchanged, ${count} resources${keys === "served" ? ", CLI with our keys" : ""}`;
        // With our keys given to it, the CLI shows what else an operation is besides the CLI process; no aim stands on that.
        const aim = keys === "served" ? "" : AIM;
        figures.push(figureOf({ figure: "P1", case: name, unit: "ms", aim }, unchanged));
      }
    }
  } finally {
    await bench.stop();
  }
  return figures;

  async function timeUnchanged(deploymentId: string, spec: object, keys: Keys): Promise<Samples> {
    const cli = await bareCli(bench, await bench.peerStack(spec), keys);
    try {
      await cli.first();
      await bench.settle();
      return await interleave(
        runs,
        () => bench.timeUpdate(deploymentId, spec),
        () => cli.up(),
        bench.settle,
      );
    } finally {
      await cli.close();
    }
  }
}

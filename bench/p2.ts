/** P2: our path against the Automation API as its examples use it. */
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import { cliEnvironment } from "../src/automation/runner/environment.ts";
import { PROJECT_NAME } from "../src/domain/names.ts";
import { programFor } from "../src/stacks/program-for.ts";
import { type BenchPlane, startBenchPlane } from "./bench-plane.ts";
import { type Figure, figureOf, interleave } from "./figure.ts";

const SETTINGS = 10;

/** Unchanged runs of 10 resources, without configuration and with ten settings and the outputs. */
export async function p2(runs: number): Promise<Figure[]> {
  const bench = await startBenchPlane();
  const spec = { bench_resources: 10 };
  try {
    const deploymentId = await bench.ready(spec);
    const figures: Figure[] = [];
    for (const [name, settings, aim] of [
      ["without config", 0, "<= 0.35"],
      ["ten setConfig and outputs", SETTINGS, "<= 0.25"],
    ] as const) {
      const stock = await stockSdk(bench, spec, settings);
      await stock();
      await bench.settle();
      const samples = await interleave(runs, () => bench.timeUpdate(deploymentId, spec), stock, bench.settle);
      figures.push(figureOf({ figure: "P2", case: name, unit: "ms", aim }, samples));
    }
    return figures;
  } finally {
    await bench.stop();
  }
}

/** One whole use of the stock path: workspace, stack, settings, up, outputs. */
async function stockSdk(bench: BenchPlane, spec: object, settings: number): Promise<() => Promise<number>> {
  const { plane } = bench;
  const stack = await bench.peerStack(spec);
  const scratch = join(plane.folder, `stock-${stack.name}`);
  const [workDir, root] = [join(scratch, "work"), join(scratch, "cli")];
  await mkdir(workDir, { recursive: true });
  await mkdir(join(root, "bin"), { recursive: true });
  await symlink(plane.pulumiBinary, join(root, "bin", "pulumi"));
  const envVars = {
    ...(await cliEnvironment({
      scratch,
      backend: plane.backend,
      generation: 1,
      debugProviders: plane.providers.debugProviders,
      pluginFolder: join(plane.folder, "plugins"),
    })),
    PULUMI_CONFIG_PASSPHRASE: "bench",
  };
  const program = await programFor(stack.program, { testApps: true });
  return async () => {
    const start = performance.now();
    const opened = await LocalWorkspace.createOrSelectStack(
      { stackName: stack.name, projectName: PROJECT_NAME, program: async () => ({ ...(await program()) }) },
      { workDir, envVars, pulumiCommand: await PulumiCommand.get({ root }) },
    );
    for (let index = 0; index < settings; index++) await opened.setConfig(`setting${index}`, { value: String(index) });
    await opened.up();
    if (settings > 0) await opened.outputs();
    return performance.now() - start;
  };
}

/** P1 on a real Kubernetes: whole operations against the bare CLI. */
import { setTimeout as sleep } from "node:timers/promises";
import { bareCli, type Keys } from "./bare-cli.ts";
import { type Figure, figureOf, interleave, timed } from "./figure.ts";
import { hostLabelOf, type KubernetesBench, startKubernetesBench } from "./kubernetes-plane.ts";

const SETTLE_MILLISECONDS = 900;
/** @param runs of each case */
export async function kubernetes(runs: number): Promise<Figure[]> {
  const bench = await startKubernetesBench();
  try {
    const deploymentId = await bench.ready();
    return [...(await firstRuns(bench, deploymentId, runs)), ...(await unchangedRuns(bench, deploymentId, runs))];
  } finally {
    await bench.stop();
  }
}

/** From nothing to an app that answers at its address; the peer is `pulumi up`, then `kubectl rollout status`. */
async function firstRuns(bench: KubernetesBench, deploymentId: string, runs: number): Promise<Figure[]> {
  let last = "";
  const ours = () =>
    timed(async () => {
      last = await bench.ready();
    });
  const peer = async () => {
    const stack = await bench.peerStack(deploymentId);
    last = stack.name;
    const cli = await bareCli(bench.onvera, stack, "passphrase");
    try {
      return (await cli.first()) + (await timed(() => bench.untilServes(stack.name, hostLabelOf(stack.name))));
    } finally {
      await cli.close();
    }
  };
  const samples = await interleave(runs, ours, peer, () => bench.clear(last));
  const head = { figure: "P1", unit: "ms", aim: "<= 1.25" };
  return [figureOf({ ...head, case: "on Kubernetes, first run until it answers" }, samples)];
}

async function unchangedRuns(bench: KubernetesBench, deploymentId: string, runs: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  await bench.operate(deploymentId, "deployment.update");
  for (const keys of ["passphrase", "served"] satisfies Keys[]) {
    const stack = await bench.peerStack(deploymentId);
    const cli = await bareCli(bench.onvera, stack, keys);
    try {
      await cli.first();
      const samples = await interleave(
        runs,
        () => timed(() => bench.operate(deploymentId, "deployment.update")),
        () => cli.up(),
        () => sleep(SETTLE_MILLISECONDS),
      );
      const name = `on Kubernetes, unchanged${keys === "served" ? ", CLI with our keys" : ""}`;
      // With our keys given to it, the CLI shows what else an operation is besides the CLI process; no aim stands on that.
      const aim = keys === "served" ? "" : "<= 1.5";
      figures.push(figureOf({ figure: "P1", case: name, unit: "ms", aim }, samples));
    } finally {
      await cli.close();
      await bench.clear(stack.name);
    }
  }
  return figures;
}

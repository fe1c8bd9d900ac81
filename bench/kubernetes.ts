/** P1, P6 and P8 on a real Kubernetes: whole operations against the bare CLI, and what other deployments in the cluster cost one. */
import { setTimeout as sleep } from "node:timers/promises";
import { namespaceName } from "../src/domain/kubernetes-names.ts";
import { readNamespace, untilNamespace } from "../src/kubernetes/namespace-view.ts";
import { bareCli, type Keys } from "./bare-cli.ts";
import { type Figure, figureOf, interleave } from "./figure.ts";
import { neighboursOf } from "./kubernetes-neighbours.ts";
import { hostLabelOf, type KubernetesBench, startKubernetesBench } from "./kubernetes-plane.ts";

const SETTLE_MILLISECONDS = 900;
const NEIGHBOURS = [100];
/** For making them: what is not made by then is not measured. */
const MAKING_MILLISECONDS = 2 * 60_000;
const WARM_UP = 1;

/** @param runs of each case */
export async function kubernetes(runs: number): Promise<Figure[]> {
  const bench = await startKubernetesBench();
  try {
    const deploymentId = await bench.ready();
    return [
      ...(await firstRuns(bench, deploymentId, runs)),
      ...(await unchangedRuns(bench, deploymentId, runs)),
      ...(await besideOthers(bench, deploymentId, runs)),
    ];
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

type Ask = () => Promise<number>;

/** The same questions about one deployment with and without others; the peer is the cluster without, before and afterwards. */
async function besideOthers(bench: KubernetesBench, deploymentId: string, runs: number): Promise<Figure[]> {
  const { client } = bench;
  const namespace = namespaceName(deploymentId);
  const questions: Readonly<Record<string, Ask>> = {
    "list of one deployment": () => timed(() => readNamespace(client, namespace)),
    "watch start": () => timed(() => watchStart(bench, namespace)),
    "unchanged update": () => timed(() => bench.operate(deploymentId, "deployment.update")),
    "unchanged reconcile": () => timed(() => bench.operate(deploymentId, "deployment.reconcile")),
  };
  const ask = () => askAll(questions, runs);
  const neighbours = await neighboursOf(client, deploymentId);
  const alone = [await ask()];
  const beside: { count: number; answers: Answers }[] = [];
  try {
    const deadline = performance.now() + MAKING_MILLISECONDS;
    for (const count of NEIGHBOURS) {
      const took = await timed(() => neighbours.growTo(count, deadline));
      process.stderr.write(
        `${neighbours.count()} other deployments; making the last of them took ${Math.round(took / 1000)} s\n`,
      );
      beside.push({ count: neighbours.count(), answers: await ask() });
    }
  } finally {
    const took = await timed(() => neighbours.clear());
    process.stderr.write(`Removing them took ${Math.round(took / 1000)} s\n`);
  }
  alone.push(await ask());
  return beside.flatMap(({ count, answers }) =>
    Object.keys(questions).map((question) => {
      const peer = alone.flatMap((one) => one[question] ?? []);
      const head = { figure: "P6", case: `${question}, ${count} other deployments`, unit: "ms", aim: "<= 1.5" };
      return figureOf(head, { ours: answers[question] ?? [], peer });
    }),
  );
}

type Answers = Record<string, number[]>;

/** Each question in turns. */
async function askAll(questions: Readonly<Record<string, Ask>>, runs: number): Promise<Answers> {
  const answers: Answers = {};
  for (let run = -WARM_UP; run < runs; run++) {
    for (const [name, ask] of Object.entries(questions)) {
      const milliseconds = await ask();
      if (run >= 0) answers[name] = [...(answers[name] ?? []), milliseconds];
    }
  }
  return answers;
}

/** From the first list to all watches standing. */
async function watchStart({ client }: KubernetesBench, namespace: string): Promise<void> {
  await untilNamespace(client, { namespace, signal: new AbortController().signal }, () => true);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

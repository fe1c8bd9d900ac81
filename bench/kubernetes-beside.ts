/** P6 and P8 on a real Kubernetes: what other deployments in the cluster cost one. */
import { setTimeout as sleep } from "node:timers/promises";
import { namespaceName } from "../src/domain/kubernetes-names.ts";
import { readNamespace, untilNamespace } from "../src/kubernetes/namespace-view.ts";
import { type Figure, figureOf, timed } from "./figure.ts";
import { neighboursOf } from "./kubernetes-neighbours.ts";
import { type KubernetesBench, startKubernetesBench } from "./kubernetes-plane.ts";

const NEIGHBOURS = [100, 500];
/** For making them: what is not made by then is not measured. */
const MAKING_MILLISECONDS = 5 * 60_000;
/** What the cluster itself does about new objects, and about those that went, is not what they cost. */
const REST_MILLISECONDS = 20_000;
const WARM_UP = 1;
const SHORT_TIMES = 10;

/** @param runs of each case */
export async function kubernetesBeside(runs: number): Promise<Figure[]> {
  const bench = await startKubernetesBench();
  try {
    return await measureBeside(bench, await bench.ready(), runs);
  } finally {
    await bench.stop();
  }
}

interface Question {
  ask(): Promise<number>;
  /** In each run: one that takes milliseconds is at the mercy of everything else. */
  times: number;
}

/** The same questions about one deployment with and without others; the peer is the cluster without, before and afterwards. */
async function measureBeside(bench: KubernetesBench, deploymentId: string, runs: number): Promise<Figure[]> {
  const { client } = bench;
  const namespace = namespaceName(deploymentId);
  const questions: Readonly<Record<string, Question>> = {
    "list of one deployment": { ask: () => timed(() => readNamespace(client, namespace)), times: SHORT_TIMES },
    "watch start": { ask: () => timed(() => watchStart(bench, namespace)), times: SHORT_TIMES },
    "unchanged update": { ask: () => timed(() => bench.operate(deploymentId, "deployment.update")), times: 1 },
    "unchanged reconcile": { ask: () => timed(() => bench.operate(deploymentId, "deployment.reconcile")), times: 1 },
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
      await sleep(REST_MILLISECONDS);
      beside.push({ count: neighbours.count(), answers: await ask() });
    }
  } finally {
    const took = await timed(() => neighbours.clear());
    process.stderr.write(`Removing them took ${Math.round(took / 1000)} s\n`);
  }
  await sleep(REST_MILLISECONDS);
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
async function askAll(questions: Readonly<Record<string, Question>>, runs: number): Promise<Answers> {
  const answers: Answers = {};
  for (let run = -WARM_UP; run < runs; run++) {
    for (const [name, { ask, times }] of Object.entries(questions)) {
      for (let time = 0; time < times; time++) {
        const milliseconds = await ask();
        if (run >= 0) answers[name] = [...(answers[name] ?? []), milliseconds];
      }
    }
  }
  return answers;
}

/** From the first list to all watches standing. */
async function watchStart({ client }: KubernetesBench, namespace: string): Promise<void> {
  await untilNamespace(client, { namespace, signal: new AbortController().signal }, () => true);
}

/** R10: exactly once. One key a thousand times at once, and random callers held against a sequential model. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { ChaosReport, ChaosTest } from "./chaos-test.ts";
import { chanceOf } from "./cluster/random.ts";
import type { History } from "./submits/history.ts";
import { interleave } from "./submits/interleave.ts";
import { unexplained } from "./submits/model.ts";
import { submitOneKey } from "./submits/one-key.ts";
import { type SubmitsWorld, startSubmitsWorld } from "./submits/world.ts";

const SUBMITS = 1000;
const HISTORIES = 40;
/** Histories under way at the same time. */
const LANES = 4;

export const submits: ChaosTest = {
  summary: "R10: one key 1,000 times at once, and random callers against a sequential model (--count N histories)",
  run: ({ count, seed, say }) => runSubmits({ submits: SUBMITS, histories: count ?? HISTORIES, seed, say }),
};

export interface SubmitsOptions {
  /** How often the one request is sent. */
  submits: number;
  histories: number;
  seed: number;
  say(line: string): void;
}

/** Runs both on a control plane of its own. */
export async function runSubmits({
  submits: times,
  histories: wanted,
  seed,
  say,
}: SubmitsOptions): Promise<ChaosReport> {
  const world = await startSubmitsWorld();
  try {
    const oneKey = await submitOneKey(world, times);
    say(`one key ${times} times: ${oneKey.faults.join("; ") || "ok"}`);
    const chance = chanceOf(seed);
    const histories: History[] = [];
    let begun = 0;
    const lane = async () => {
      while (begun < wanted) {
        begun += 1;
        const history = await interleave(world, chance);
        histories.push(history);
        say(`history ${histories.length}: ${told(history)}, ${unexplained(history).join("; ") || "ok"}`);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    return report(world, times, oneKey, histories);
  } finally {
    await world.stop();
  }
}

function report(
  world: SubmitsWorld,
  times: number,
  oneKey: { faults: string[]; duplicates: number },
  histories: readonly History[],
): ChaosReport {
  const left = histories.filter(({ deploymentId }) => hasItems(world, deploymentId));
  const faults = histories.flatMap(unexplained);
  const operations = histories.flatMap(({ operations: all }) => all);
  const failures = [
    ...oneKey.faults,
    ...faults,
    ...left.map(({ deploymentId }) => `${deploymentId} is destroyed and has left items behind`),
  ];
  const ended = histories.filter(({ operations: all }) => all.every(({ endedAt }) => endedAt !== null)).length;
  const result = {
    test: "submits",
    cases: 1 + histories.length,
    terminal: 1 + ended,
    orphans: left.length,
    duplicates: oneKey.duplicates,
    lost: faults.filter((line) => line.endsWith("is gone")).length,
    ok: failures.length === 0,
  };
  const answers = histories.flatMap(({ submissions }) => submissions.flatMap(({ copies }) => copies));
  return {
    result,
    table: [
      ["submits of one key", "histories", "requests", "accepted operations", "refused", "canceled"],
      [
        times,
        histories.length,
        answers.length,
        operations.length,
        answers.filter(({ status }) => status === 409).length,
        operations.filter(({ status }) => status === "canceled").length,
      ].map(String),
    ],
    failures,
  };
}

function hasItems({ plane }: SubmitsWorld, deploymentId: string): boolean {
  const folder = join(plane.ledgerFolder, deploymentId);
  return existsSync(folder) && readdirSync(folder).some((file) => file.endsWith(".json"));
}

function told({ operations, submissions }: History): string {
  return `${submissions.length} requests, ${operations.length} operations`;
}

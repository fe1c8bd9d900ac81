/** R1: the crash matrix. */
import type { ChaosReport, ChaosTest } from "./chaos-test.ts";
import { addedUp, isClean, told } from "./crash-matrix/agreement.ts";
import { allChains, type Chain, chainName, kills, points, sampleChains } from "./crash-matrix/cases.ts";
import { type CaseResult, runChain } from "./crash-matrix/run-chain.ts";
import { startWorld } from "./crash-matrix/world.ts";

/** Worlds side by side: most of a case is waiting for a lease or a second attempt. */
const LANES = 2;

export const matrix: ChaosTest = {
  summary: "R1: every verb, resource and point of a step, struck six ways (--only, e.g. 'postgres before-call')",
  async run({ all, only, say }) {
    const chains = (all ? allChains() : sampleChains()).filter((chain) => chainName(chain).includes(only ?? ""));
    return report(await runMatrix(chains, say));
  },
};

/** Runs the chains on worlds of their own. @param say gets a line for each case */
export async function runMatrix(chains: readonly Chain[], say: (line: string) => void): Promise<CaseResult[]> {
  const waiting = [...chains];
  const results: CaseResult[] = [];
  const lane = async () => {
    const world = await startWorld();
    try {
      for (let chain = waiting.shift(); chain !== undefined; chain = waiting.shift()) {
        for (const result of await runChain(world, chain)) {
          results.push(result);
          say(`${results.length} ${lineOf(result)}`);
        }
      }
    } finally {
      await world.stop();
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, chains.length) }, lane));
  return results;
}

/** The result as the command gives it. */
export function report(results: readonly CaseResult[]): ChaosReport {
  const failed = results.filter(({ verdict }) => !isClean(verdict));
  return {
    result: addedUp(
      "matrix",
      results.map(({ verdict }) => verdict),
    ),
    table: tableOf(results),
    failures: failed.map(lineOf),
  };
}

/** Kill by point: how many cases, how many of them clean, and the longest recovery. */
function tableOf(results: readonly CaseResult[]): string[][] {
  const cell = (some: readonly CaseResult[]) => {
    const clean = some.filter(({ verdict }) => isClean(verdict)).length;
    const longest = Math.max(0, ...some.map(({ recoverySeconds }) => recoverySeconds));
    return some.length === 0 ? "-" : `${clean}/${some.length} ${longest.toFixed(1)} s`;
  };
  return [
    ["clean/cases, longest recovery", ...points],
    ...kills.map((kill) => [
      kill,
      ...points.map((point) => cell(results.filter(({ chain }) => chain.kill === kill && chain.point === point))),
    ]),
  ];
}

function lineOf({ name, verdict, recoverySeconds }: CaseResult): string {
  if (isClean(verdict)) return `ok ${name} (${recoverySeconds.toFixed(1)} s)`;
  return `FAILED ${name}: ${told(verdict)}`;
}

/** R2: whoever slept past its lease writes nothing any more, and no wall clock decides whose a lease is. */
import type { ChaosReport, ChaosTest } from "./chaos-test.ts";
import { addedUp, isClean, told } from "./crash-matrix/agreement.ts";
import { runStack, type StepResult } from "./crash-matrix/run-chain.ts";
import { startWorld, type World } from "./crash-matrix/world.ts";
import { jumpClock } from "./fencing/clock-jump.ts";
import { installLateWriteCounters } from "./fencing/late-writes.ts";
import { allRounds, type Host, type Round, roundName, sampleRounds, whatOf } from "./fencing/rounds.ts";
import { type LateFigures, sleepPastLease } from "./fencing/sleep.ts";

interface RoundResult extends StepResult {
  round: Round;
  late: LateFigures;
}

const notLate: LateFigures = { tried: 0, accepted: [], takenOver: false };
/** A round that was cut short has no figures. */
const noFigures = { late: notLate, wrong: [] as string[] };

export const fencing: ChaosTest = {
  summary: "R2: workers, runners and provider hosts sleep past their lease; clocks jump by 10 minutes (--only, --all)",
  async run({ all, only, say }) {
    const rounds = (all ? allRounds() : sampleRounds()).filter((round) => roundName(round).includes(only ?? ""));
    return report(await runRounds(rounds, say));
  },
};

/** Two worlds at a time, one for each place a successor may be in: most of a round is waiting for a lease. */
async function runRounds(rounds: readonly Round[], say: (line: string) => void): Promise<RoundResult[]> {
  const results: RoundResult[] = [];
  const lane = async (host: Host) => {
    const mine = rounds.filter((round) => hostOf(round) === host);
    if (mine.length === 0) return;
    const foreign = host === "another host" ? ["chaos/fencing/foreign-host.ts"] : [];
    const preload = ["chaos/fencing/wrong-clock.ts", ...foreign];
    const world = await startWorld({ workers: [preload, preload] });
    try {
      await installLateWriteCounters(world.control, { foreign: host === "another host" });
      for (const round of mine) {
        for (const result of await runRound(world, round)) {
          results.push(result);
          say(`${results.length} ${lineOf(result)}`);
        }
      }
    } finally {
      await world.stop();
    }
  };
  await Promise.all([lane("same host"), lane("another host")]);
  return results;
}

const hostOf = (round: Round): Host => (round.kind === "sleep" ? round.host : "another host");

async function runRound(world: World, round: Round): Promise<RoundResult[]> {
  const seen: (typeof noFigures)[] = [];
  const { resource, point } = round;
  const steps = await runStack(world, {
    name: roundName(round),
    resource,
    point,
    blow: async (operation, held) => {
      if (round.kind === "sleep") seen.push({ late: await sleepPastLease(world, round, operation, held), wrong: [] });
      else seen.push({ late: notLate, wrong: await jumpClock(world, round, operation, held) });
    },
  });
  return steps.map((step, index) => {
    const { late, wrong } = seen[index] ?? noFigures;
    const expected = round.kind === "sleep" && round.sleeper.includes("worker");
    const owner = late.takenOver === expected ? [] : [`it was ${expected ? "not " : ""}taken over`];
    const disagreements = [...step.verdict.disagreements, ...late.accepted, ...wrong, ...owner];
    return { ...step, round, late, verdict: { ...step.verdict, disagreements } };
  });
}

function report(results: readonly RoundResult[]): ChaosReport {
  const sum = (of: (result: RoundResult) => number) => results.reduce((total, result) => total + of(result), 0);
  const failed = results.filter(({ verdict }) => !isClean(verdict));
  const heads = [...new Set(results.map(({ round }) => whatOf(round)))];
  return {
    result: addedUp(
      "fencing",
      results.map(({ verdict }) => verdict),
    ),
    figures: {
      lateWritesTried: sum(({ late }) => late.tried),
      lateWritesAccepted: sum(({ late }) => late.accepted.length),
      takenOver: sum(({ late }) => Number(late.takenOver)),
    },
    table: [
      ["what", "clean/rounds", "taken over", "late writes refused", "longest, s"],
      ...heads.map((head) => {
        const own = results.filter(({ round }) => whatOf(round) === head);
        const longest = Math.max(...own.map(({ recoverySeconds }) => recoverySeconds));
        return [
          head,
          `${own.filter(({ verdict }) => isClean(verdict)).length}/${own.length}`,
          String(own.filter(({ late }) => late.takenOver).length),
          String(own.reduce((total, { late }) => total + late.tried, 0)),
          longest.toFixed(1),
        ];
      }),
    ],
    failures: failed.map(lineOf),
  };
}

function lineOf({ name, verdict, recoverySeconds, late }: RoundResult): string {
  if (isClean(verdict)) return `ok ${name} (${recoverySeconds.toFixed(1)} s, ${late.tried} late writes refused)`;
  return `FAILED ${name}: ${told(verdict)}`;
}

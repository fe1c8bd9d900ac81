/** `npm run chaos -- restore` (R14): the newest state is damaged or gone; the stack converges, and nothing is made anew. */
import type { OperationType } from "../src/domain/operation.ts";
import { startControlPlane } from "../test/support/control-plane.ts";
import { startScratchPostgres } from "../test/support/postgres.ts";
import type { ChaosReport, ChaosTest } from "./chaos-test.ts";
import {
  damageState,
  damages,
  type Holdings,
  holdings,
  previousVersion,
  type Workshop,
  writeRow,
} from "./state-damage.ts";

interface Case {
  name: string;
  kind: string;
  trail: boolean;
  /** What is asked for next. */
  next: OperationType;
  /** An operator goes back to the version before the newest by hand. */
  byHand: boolean;
}

interface Outcome {
  name: string;
  ended: boolean;
  orphans: number;
  duplicates: number;
  lost: number;
  seconds: number;
  failures: string[];
}

const nexts = ["deployment.reconcile", "deployment.restart", "deployment.destroy"] as const;

function casesOf(all: boolean): Case[] {
  const each = Object.keys(damages).flatMap((kind) =>
    [false, true].flatMap((trail) => nexts.map((next) => ({ kind, trail, next, byHand: false }))),
  );
  // A row removed by a session that the fence lets through was meant to go: only the hand brings that back.
  const meant = (one: { kind: string; trail: boolean }) => one.kind === "deleted" && one.trail;
  const automatic = each.filter((one) => !meant(one));
  const chosen = all ? automatic : automatic.filter((_, index) => index % 4 === 0);
  const byHand = Object.keys(damages).map((kind) => ({ kind, trail: true, next: nexts[0], byHand: true }));
  return [...chosen, ...(all ? byHand : byHand.slice(-1))].map((one) => ({
    ...one,
    name: `${one.kind}${one.trail ? " by hand" : ""}, then ${one.byHand ? "an earlier version" : one.next}`,
  }));
}

export const restore: ChaosTest = {
  summary: "the newest state of a stack is damaged or deleted; an earlier one is restored (R14)",
  async run(options): Promise<ChaosReport> {
    const cases = casesOf(options.all).filter(({ name }) => options.only === undefined || name.includes(options.only));
    const server = await startScratchPostgres();
    const plane = await startControlPlane(server);
    const outcomes: Outcome[] = [];
    try {
      await plane.startWorker();
      for (const one of cases) {
        const outcome = await runCase({ server, plane }, one);
        outcomes.push(outcome);
        options.say(
          `${outcome.failures.length === 0 ? "ok  " : "FAIL"} ${outcome.name} (${outcome.seconds.toFixed(1)} s)`,
        );
      }
    } finally {
      await plane.stop();
      await server.stop();
    }
    return report(outcomes);
  },
};

async function runCase(shop: Workshop, one: Case): Promise<Outcome> {
  const { plane } = shop;
  const { deploymentId, operation } = await plane.deploy({ version: "database" });
  await plane.ended(operation.id);
  await writeRow(shop, deploymentId);
  const before = await holdings(shop, deploymentId);
  await damageState(shop, deploymentId, one);

  const startedAt = performance.now();
  const version = one.byHand ? { state_version: await previousVersion(shop, deploymentId) } : {};
  const destroys = one.next === "deployment.destroy";
  const asked = destroys
    ? await plane.destroy(deploymentId)
    : await plane.submit(deploymentId, one.next, { revision: 1, ...version });
  const ended = await plane.ended(asked.id).catch(() => undefined);
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await holdings(shop, deploymentId);
  const found = destroys ? leftBehind(after) : compare(before, after);
  const failures = [...found.failures];
  if (ended?.status !== "succeeded") failures.push(`it ended as ${ended?.status}: ${ended?.error?.message}`);
  if (!destroys) failures.push(...(await unplanned(shop, deploymentId)));
  const { orphans, duplicates, lost } = found;
  const { name } = one;
  return { name, ended: ended !== undefined, orphans, duplicates, lost, seconds, failures: named(name, failures) };
}

type Comparison = Pick<Outcome, "orphans" | "duplicates" | "lost" | "failures">;

/** Nothing may have been dropped and made again, nothing may stand that the state does not name, or names twice. */
function compare(before: Holdings, after: Holdings): Comparison {
  // A changed object id is a thing that was dropped and made again.
  const lost = [...before.objects].filter(([object, oid]) => after.objects.get(object) !== oid);
  const orphans = [...after.objects.keys()].filter((object) => !after.recorded.includes(object));
  const duplicates = after.recorded.filter((object, index) => after.recorded.indexOf(object) !== index);
  const lostRows = before.rows - after.rows;
  return {
    orphans: orphans.length,
    duplicates: duplicates.length,
    lost: lost.length + lostRows,
    failures: [
      ...lost.map(([object]) => `${object} is gone or was made anew`),
      ...orphans.map((object) => `${object} is in no state`),
      ...duplicates.map((object) => `${object} stands in the state twice`),
      ...(lostRows === 0 ? [] : [`${lostRows} of ${before.rows} rows are gone`]),
    ],
  };
}

function leftBehind({ objects, recorded }: Holdings): Comparison {
  const left = [...objects.keys(), ...recorded];
  return {
    orphans: objects.size,
    duplicates: 0,
    lost: 0,
    failures: left.map((object) => `${object} was left behind by the destroy`),
  };
}

async function unplanned({ plane }: Workshop, deploymentId: string): Promise<string[]> {
  const plan = await plane.ended((await plane.submit(deploymentId, "deployment.plan", {})).id);
  const summary = plan.result?.summary as Record<string, number> | undefined;
  const isEmpty = summary !== undefined && Object.entries(summary).every(([op, count]) => op === "same" || count === 0);
  return isEmpty ? [] : [`the next plan is not empty: ${JSON.stringify(summary ?? plan.error)}`];
}

const named = (name: string, failures: string[]): string[] => failures.map((failure) => `${name}: ${failure}`);

function report(outcomes: readonly Outcome[]): ChaosReport {
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const failures = outcomes.flatMap((outcome) => outcome.failures);
  return {
    result: {
      test: "restore",
      cases: outcomes.length,
      terminal: outcomes.filter(({ ended }) => ended).length,
      orphans: sum(({ orphans }) => orphans),
      duplicates: sum(({ duplicates }) => duplicates),
      lost: sum(({ lost }) => lost),
      ok: outcomes.length > 0 && failures.length === 0,
    },
    table: [
      ["case", "minutes", "outcome"],
      ...outcomes.map(({ name, seconds, failures: own }) => [
        name,
        (seconds / 60).toFixed(2),
        own.length === 0 ? "converged" : "FAILED",
      ]),
    ],
    failures,
  };
}

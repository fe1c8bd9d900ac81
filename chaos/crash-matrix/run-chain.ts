/** Runs one stack: it is brought up, updated and destroyed, struck at the same point each time, and judged. */
import { judge, type Verdict } from "./agreement.ts";
import { type Chain, chainName, effectOf, type Point, type ResourceName, urnOf, type Verb, verbs } from "./cases.ts";
import type { Facts } from "./facts.ts";
import { holdState } from "./state-hold.ts";
import { type HeldPoint, strike } from "./strike.ts";
import type { World } from "./world.ts";

export interface StepResult {
  name: string;
  verb: Verb;
  verdict: Verdict;
  /** From the blow to the operation's end. */
  recoverySeconds: number;
}

export interface CaseResult extends StepResult {
  chain: Chain;
}

/** Where a stack is struck, and with what. */
export interface Plan {
  name: string;
  resource: ResourceName;
  point: Point;
  /** Strikes while something is held there, and lets go of it. */
  blow(operation: { stack: string; operationId: string }, held: HeldPoint): Promise<void>;
}

/** Bench counts before and after the update: an even and an odd one, so that every resource changes. */
const counts = { up: 0, update: 1, destroy: 1 } as const satisfies Record<Verb, number>;

const REACHED_SECONDS = 60;
const ENDED_SECONDS = 180;

/** A stack of the crash matrix. */
export async function runChain(world: World, chain: Chain): Promise<CaseResult[]> {
  const { resource, point, kill } = chain;
  const results = await runStack(world, {
    name: chainName(chain),
    resource,
    point,
    blow: ({ operationId }, held) => strike(world, kill, operationId, held),
  });
  return results.map((result) => ({ ...result, chain }));
}

/** Gives up to three results: a case whose operation did not end takes the ones after it with it. */
export async function runStack(world: World, plan: Plan): Promise<StepResult[]> {
  const results: StepResult[] = [];
  let stack = "";
  for (const verb of verbs) {
    const name = `${verb} ${plan.name}`;
    try {
      const { deploymentId, operationId } = await submit(world, verb, stack);
      stack = deploymentId;
      const { before, seconds } = await holdAndStrike(world, plan, verb, stack, operationId);
      const facts = await settled(world, stack);
      const verdict = judge(facts, { verb, stack, operationId, count: counts[verb], before });
      results.push({ name, verb, verdict, recoverySeconds: seconds });
      if (!verdict.terminal) break;
    } catch (error) {
      const disagreements = [error instanceof Error ? error.message : String(error)];
      const verdict = { terminal: false, orphans: [], duplicates: [], lost: [], disagreements };
      results.push({ name, verb, verdict, recoverySeconds: 0 });
      break;
    }
  }
  return results;
}

async function submit(world: World, verb: Verb, stack: string): Promise<{ deploymentId: string; operationId: string }> {
  const spec = { version: "database", bench_resources: counts[verb] };
  if (verb === "up") {
    const { deploymentId, operation } = await world.plane.deploy(spec);
    return { deploymentId, operationId: operation.id };
  }
  const operation =
    verb === "update" ? await world.plane.change(stack, "deployment.update", spec) : await world.plane.destroy(stack);
  return { deploymentId: stack, operationId: operation.id };
}

async function holdAndStrike(
  world: World,
  { resource, point, blow }: Plan,
  verb: Verb,
  stack: string,
  operationId: string,
): Promise<{ before: Facts; seconds: number }> {
  const urn = urnOf(stack, resource);
  let held: HeldPoint;
  let there: Promise<unknown>;
  if (point === "before-call" || point === "after-side-effect") {
    const hold = world.plane.gate.hold(
      (moment) => moment.point === point && moment.urn === urn && moment.effect === effectOf[verb],
    );
    there = hold.there;
    held = { go: async () => hold.go(), refuse: async () => undefined };
  } else {
    const hold = await holdState(world.control, { stack, urn, point, deletes: verb === "destroy" });
    there = hold.there;
    held = hold;
  }
  try {
    await within(there, REACHED_SECONDS, `${point} of ${resource} was not reached`);
    const before = await world.facts(stack);
    const since = performance.now();
    await blow({ stack, operationId }, held);
    await world.operation(operationId, ({ ended }) => ended, ENDED_SECONDS);
    return { before, seconds: (performance.now() - since) / 1000 };
  } finally {
    await held.go().catch(() => undefined);
  }
}

/** The server may just have come back. */
async function settled(world: World, stack: string): Promise<Facts> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await world.facts(stack);
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

async function within(wanted: Promise<unknown>, seconds: number, what: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} within ${seconds} s`)), seconds * 1000);
  });
  try {
    await Promise.race([wanted, late]);
  } finally {
    clearTimeout(timer);
  }
}

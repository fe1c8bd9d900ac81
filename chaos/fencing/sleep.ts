/** Parts of a worker fall asleep at a held point, past their lease, and wake up when another worker has finished. */
import { setTimeout as wait } from "node:timers/promises";
import { findVictims, type HeldPoint, signal, type Victims } from "../crash-matrix/strike.ts";
import { timings, type World } from "../crash-matrix/world.ts";
import { countLateWrites, pictureOf, untilHeard } from "./late-writes.ts";
import type { Part, Round } from "./rounds.ts";

export interface LateFigures {
  /** Writes of the state that came under an older generation. */
  tried: number;
  /** Of them, those that were kept, and rows that changed after the waking. */
  accepted: string[];
  /** Whether another worker finished it. */
  takenOver: boolean;
}

const FINISHED_SECONDS = 120;
/** A CLI whose writes are refused gives up within this time. */
const GIVES_UP_MILLISECONDS = 20_000;
const HEARD_MILLISECONDS = 30_000;
const POLL_MILLISECONDS = 50;
const PAST_LEASE = 1.5;

/** Does it. Resolves when whoever woke up has had its say. @throws Error when nobody takes over, or it does not end */
export async function sleepPastLease(
  world: World,
  { sleeper, wakesFirst }: Extract<Round, { kind: "sleep" }>,
  { stack, operationId }: { stack: string; operationId: string },
  held: HeldPoint,
): Promise<LateFigures> {
  const victims = await findVictims(world, operationId);
  const before = await countLateWrites(world.control);
  const asleep = sleeper.map((part) => processOf(part, victims));
  for (const pid of asleep) signal(pid, "SIGSTOP");
  const losesLease = sleeper.includes("worker");
  let picture: Record<string, string> | undefined;
  let reality = "";
  try {
    // A write that is half sent is gone with its session, and is sent again by whoever wakes up.
    if (losesLease) await held.refuse();
    if (losesLease) await world.operation(operationId, ({ ended }) => ended, FINISHED_SECONDS);
    else await wait(timings.leaseSeconds * PAST_LEASE * 1000);
    if (losesLease) {
      picture = await pictureOf(world.control, stack);
      reality = await realityOf(world, stack);
    }
  } finally {
    // What it was held at goes on only now: the late answer, and all that follows from it.
    const wake = (parts: readonly Part[]) => {
      for (const part of parts) signal(processOf(part, victims), "SIGCONT");
    };
    if (wakesFirst === "worker") wake(["worker"]);
    await held.go();
    wake(["provider", "runner"]);
    if (wakesFirst === "others") await tried(world, before.tried, victims.runner);
    wake(["worker"]);
  }
  if (picture === undefined) {
    await world.operation(operationId, ({ ended }) => ended, FINISHED_SECONDS);
    const row = await world.operation(operationId, () => true, 1);
    const took = row.lease_generation !== victims.row.lease_generation;
    return { tried: 0, accepted: [], takenOver: took };
  }
  await gone(victims.runner);
  await untilHeard(world.control, victims.row.lease_owner ?? "", HEARD_MILLISECONDS);
  const after = await countLateWrites(world.control);
  const now = await pictureOf(world.control, stack);
  const changed = Object.keys(picture).filter((table) => picture?.[table] !== now[table]);
  const accepted = [
    ...changed.map((table) => `${table} changed after the waking`),
    ...(after.accepted > before.accepted ? [`${after.accepted - before.accepted} late writes of the state`] : []),
    ...((await realityOf(world, stack)) === reality ? [] : ["what exists changed after the waking"]),
  ];
  return { tried: after.tried - before.tried, accepted, takenOver: true };
}

function processOf(part: Part, { worker, runner, provider }: Victims): number {
  // The runner leads the group of its CLI.
  return { worker, provider, runner: -runner }[part];
}

async function realityOf(world: World, stack: string): Promise<string> {
  const { roles, databases } = await world.facts(stack);
  return JSON.stringify({ roles, databases });
}

/** Waits until the CLI has tried a late write, or is gone without one; a worker that wakes up ends it. */
async function tried(world: World, before: number, group: number): Promise<void> {
  const deadline = performance.now() + GIVES_UP_MILLISECONDS;
  while (isAlive(group) && performance.now() < deadline) {
    if ((await countLateWrites(world.control)).tried > before) return;
    await wait(POLL_MILLISECONDS);
  }
}

/** Waits for the end of a process group; one whose worker still sleeps may have to be ended by it. */
async function gone(group: number): Promise<void> {
  const deadline = performance.now() + GIVES_UP_MILLISECONDS;
  while (isAlive(group) && performance.now() < deadline) await wait(POLL_MILLISECONDS);
}

function isAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}

/** The six ways something dies or sleeps at a held point. */
import { processIdentity } from "../../src/local/process-identity.ts";
import type { Kill } from "./cases.ts";
import type { OperationRow, World } from "./world.ts";

/** Something held at its point, and how it goes on. */
export interface HeldPoint {
  /** Lets it go on. */
  go(): Promise<void>;
  /** For a write of the state: it never happens. Nothing for the other points. */
  refuse(): Promise<void>;
}

export interface Victims {
  row: OperationRow;
  worker: number;
  runner: number;
  cli: number;
  provider: number;
}

const SEEN_SECONDS = 30;
const TAKEOVER_SECONDS = 120;

/**
 * Strikes at a held point and lets go on what is left. Resolves when the blow is over, for a sleep after the waking.
 * @throws Error when there is nothing to strike, or a takeover does not come about
 */
export async function strike(world: World, kill: Kill, operationId: string, held: HeldPoint): Promise<void> {
  const victims = await findVictims(world, operationId);
  switch (kill) {
    case "worker": {
      const dead = world.worker(victims.row.lease_owner);
      await dead.kill();
      await held.go();
      await world.replace(dead);
      return;
    }
    case "runner":
      await end(victims.runner);
      await held.go();
      return;
    case "cli":
      await end(victims.cli);
      // What it was about to write would otherwise be written by the server although its sender is dead.
      await held.refuse();
      await held.go();
      return;
    case "provider":
      await end(victims.provider);
      await held.go();
      return;
    case "postgres":
      await world.server.crash();
      await world.server.restart();
      await held.go();
      return;
    case "sleep":
      await sleepPastLease(world, operationId, victims, held);
      return;
  }
}

/** Everything of the worker stands still until another one has brought the operation to its end; then it wakes up. */
async function sleepPastLease(world: World, operationId: string, victims: Victims, held: HeldPoint): Promise<void> {
  const asleep = [victims.worker, victims.provider, -victims.runner];
  for (const pid of asleep) signal(pid, "SIGSTOP");
  try {
    // The server waits for nobody: a write that is half sent is gone, and is sent again by whoever wakes up.
    await held.refuse();
    await world.operation(operationId, ({ ended }) => ended, TAKEOVER_SECONDS);
  } finally {
    // The late answer comes now: nobody must take it.
    await held.go();
    for (const pid of asleep) signal(pid, "SIGCONT");
  }
}

/** The processes of the operation that runs. @throws Error when it has none in time */
export async function findVictims(world: World, operationId: string): Promise<Victims> {
  const row = await world.operation(
    operationId,
    ({ process: record, status }) =>
      status === "running" && record?.provider !== undefined && record.pid !== record.processGroup,
    SEEN_SECONDS,
  );
  const { process: record } = row;
  if (record?.provider === undefined) throw new Error("The operation has no provider process.");
  return {
    row,
    worker: world.worker(row.lease_owner).child.pid ?? 0,
    runner: record.processGroup,
    cli: record.pid,
    provider: record.provider.pid,
  };
}

/** Kills one process and waits until it is gone. */
async function end(pid: number): Promise<void> {
  const identity = await processIdentity(pid);
  if (identity === undefined) throw new Error(`Process ${pid} was gone before it could be killed.`);
  process.kill(pid, "SIGKILL");
  while ((await processIdentity(pid)) === identity) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Signals a process, or a group by its negative number, that may be gone. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Its successor ended it meanwhile.
  }
}

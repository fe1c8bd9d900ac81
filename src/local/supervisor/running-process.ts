/** One running process, started by this supervisor or taken over from an earlier one: how it ends and how to end it. */
import type { ChildProcess } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { systemErrorCode } from "../../domain/setup-error.ts";
import { carriesMark, isRunning, type ProcessIdentity, processTree, readProcesses } from "./process-table.ts";

export interface ProcessExit {
  /** Null when a signal ended it or nobody was there to see. */
  code: number | null;
  signal: string | null;
  /** False for a process that ended unobserved. */
  known: boolean;
}

/** A process that is not our child sends us no signal when it ends, so we look. */
const WATCH_MILLISECONDS = 250;

const LOOK_AGAIN_MILLISECONDS = 20;
/** A process inside a call of the system that cannot be cut short is not waited for any longer. */
const LONGEST_END_MILLISECONDS = 10_000;

export class RunningProcess {
  readonly identity: ProcessIdentity;
  /** Resolves when the process itself has ended; what it left behind may still run. */
  readonly exited: Promise<ProcessExit>;
  readonly #mark: string;
  #ending: Promise<ProcessExit> | undefined;

  /** @param child given when this very process started it */
  constructor(identity: ProcessIdentity, mark: string, child?: ChildProcess) {
    this.identity = identity;
    this.#mark = mark;
    this.exited = child === undefined ? watchUntilGone(identity) : childExit(child);
  }

  /**
   * Asks the process to end, and ends it with all it left behind when the time is over. As in a container the polite
   * signal goes to the first process alone: it knows in which order its children must go.
   */
  terminate(graceMilliseconds: number): Promise<ProcessExit> {
    // Whoever asks meanwhile waits with the first: to some programs a second polite signal means that they must not wait.
    this.#ending ??= this.#terminate(graceMilliseconds);
    return this.#ending;
  }

  async #terminate(graceMilliseconds: number): Promise<ProcessExit> {
    signal(this.identity.pid, "SIGTERM");
    const timer = setTimeout(() => this.killAll(), graceMilliseconds);
    const exit = await this.exited;
    clearTimeout(timer);
    await this.endAll();
    return exit;
  }

  /**
   * Ends all of it and resolves when nothing of it runs. One look is not enough: what was being forked during the look is
   * in none of its rows, and a process with much memory lives on for a moment after the signal.
   */
  async endAll(): Promise<void> {
    const until = Date.now() + LONGEST_END_MILLISECONDS;
    while (this.killAll() > 0 && Date.now() < until) await wait(LOOK_AGAIN_MILLISECONDS);
  }

  /**
   * Sends the last signal at once to the process, its session, its descendants and whatever carries its mark.
   * @returns how many were still there
   */
  killAll(): number {
    const rows = readProcesses();
    const { pid, startTime } = this.identity;
    const reused = rows.some((row) => row.pid === pid && row.startTime !== startTime);
    const tree = reused ? [] : processTree(rows, pid);
    const victims = new Set(tree.map((row) => row.pid));
    for (const row of rows)
      if (!row.ended && row.pid !== process.pid && carriesMark(row.pid, this.#mark)) victims.add(row.pid);
    for (const victim of victims) signal(victim, "SIGKILL");
    return victims.size;
  }
}

/** An exit as a short sentence part. */
export function exitWords(exit: ProcessExit): string {
  if (!exit.known) return "ended while no supervisor ran";
  if (exit.signal !== null) return `ended by ${exit.signal}`;
  return `exit code ${exit.code}`;
}

function childExit(child: ChildProcess): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once("exit", (code, name) => resolve({ code, signal: name, known: true }));
  });
}

function watchUntilGone(identity: ProcessIdentity): Promise<ProcessExit> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (isRunning(identity)) return;
      clearInterval(timer);
      resolve({ code: null, signal: null, known: false });
    }, WATCH_MILLISECONDS);
    timer.unref();
  });
}

/** A process that ended a moment ago is what was wanted; one that is not ours any more (a set-uid program) is not for us to end. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}

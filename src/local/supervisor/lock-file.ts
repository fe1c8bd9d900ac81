/** One supervisor per home: two would start every app twice. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { identifyProcess, isRunning, type ProcessIdentity } from "./process-table.ts";

/** How a supervisor process ends that found another one at work. */
export const ALREADY_RUNNING_EXIT_CODE = 3;

/** Another supervisor runs for this home. */
export class AlreadyRunningError extends Error {
  readonly pid: number;

  constructor(pid: number) {
    super(`A supervisor runs for this home already (process ${pid}); stop it first.`);
    this.name = "AlreadyRunningError";
    this.pid = pid;
  }
}

/**
 * Takes the lock; answers how to give it back.
 * @throws AlreadyRunningError when a living process holds it
 */
export function takeLock(file: string): () => void {
  const own = identifyProcess(process.pid);
  if (own === undefined) throw new Error("This process cannot find itself in the list of processes.");
  const content = JSON.stringify(own);
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      writeFileSync(file, content, { flag: "wx", mode: 0o600 });
      return () => {
        if (readHolder(file)?.pid === process.pid) rmSync(file, { force: true });
      };
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const holder = readHolder(file);
    if (holder !== undefined && isRunning(holder)) throw new AlreadyRunningError(holder.pid);
    moveAside(file, holder);
  }
  throw new Error(`${file} changes hands all the time; another supervisor is being started.`);
}

/** The process that holds the lock; undefined when there is none or its file is damaged. */
export function readHolder(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

/** Renamed before it is removed, so that of two starters only one removes what both saw. */
function moveAside(file: string, seen: ProcessIdentity | undefined): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    const moved = readHolder(aside);
    if (moved !== undefined && moved.pid !== seen?.pid && isRunning(moved)) renameSync(aside, file);
  } catch {
    // The other starter was quicker.
  }
  rmSync(aside, { force: true });
}

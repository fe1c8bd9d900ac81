/** One supervisor per home: two would start every app twice. */
import { readFileSync, rmSync } from "node:fs";
import { withLock } from "../lock-file.ts";
import { identifyProcess, isRunning, type ProcessIdentity } from "./process-table.ts";
import { writeJsonFile } from "./state-file.ts";

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
 * Puts this process down as the home's supervisor; answers how to take that back.
 * @throws AlreadyRunningError when a living process is put down
 */
export async function takeLock(file: string): Promise<() => void> {
  const own = identifyProcess(process.pid);
  if (own === undefined) throw new Error("This process cannot find itself in the list of processes.");
  // Of several that start at once, one looks and writes at a time.
  await withLock(`${file}.taking`, {}, async () => {
    const holder = readHolder(file);
    if (holder !== undefined && isRunning(holder)) throw new AlreadyRunningError(holder.pid);
    writeJsonFile(file, own);
  });
  return () => {
    if (readHolder(file)?.pid === process.pid) rmSync(file, { force: true });
  };
}

/** The process that is put down; undefined when there is none or the file is damaged. */
export function readHolder(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

/** Why the last control plane did not come up, for the command that waits for it: `<run>/start-failure.json`. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { SetupError } from "../domain/setup-error.ts";
import type { OnveraPaths } from "../local/paths.ts";

const StartFailure = z.object({ pid: z.number().int(), what: z.string(), why: z.string(), nextStep: z.string() });
export type StartFailure = z.infer<typeof StartFailure>;

const failureFile = (paths: OnveraPaths): string => path.join(paths.run, "start-failure.json");

/** Writes down why this process ends. Never throws: on a full disk the log, or the terminal, must do. */
export function recordStartFailure(paths: OnveraPaths, error: unknown): void {
  const { what, why, nextStep } = explained(error);
  const failure: StartFailure = { pid: process.pid, what, why, nextStep };
  try {
    writeFileSync(failureFile(paths), `${JSON.stringify(failure)}\n`, { mode: 0o600 });
  } catch {
    return;
  }
}

/** What the process of that pid wrote down; undefined when it wrote nothing. The note is taken away. */
export function takeStartFailure(paths: OnveraPaths, pid: number | undefined): StartFailure | undefined {
  try {
    const failure = StartFailure.parse(JSON.parse(readFileSync(failureFile(paths), "utf8")));
    if (failure.pid !== pid) return undefined;
    rmSync(failureFile(paths), { force: true });
    return failure;
  } catch {
    return undefined;
  }
}

function explained(error: unknown): Pick<SetupError, "what" | "why" | "nextStep"> {
  if (error instanceof SetupError) return error;
  return {
    what: "The control plane did not start",
    why: error instanceof Error ? error.message : String(error),
    nextStep: "Run 'onvera doctor', mend what it names, then run the command again.",
  };
}

/** Runs one of PostgreSQL's programs to its end under the server's uid. */
import { spawn } from "node:child_process";
import { SetupError } from "../../domain/setup-error.ts";
import type { ServerUser } from "./server-user.ts";

/** Nothing of the caller's environment: PGDATA, PGPORT, LD_PRELOAD and secrets stay out. */
export const serverEnvironment = { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" } as const;

/** The spawn options that switch to the server's uid; nothing when it is our own. */
export function identityOf(user: ServerUser): { uid?: number; gid?: number } {
  return user.isOther ? { uid: user.uid, gid: user.gid } : {};
}

export interface ProgramRun {
  argv: string[];
  cwd: string;
  signal?: AbortSignal;
}

/**
 * @returns the exit code (null when a signal ended it) and what it wrote to both streams
 * @throws SetupError `postgres-unavailable` when it cannot be started, `canceled` when the signal aborts
 */
export function runAs(
  user: ServerUser,
  program: string,
  run: ProgramRun,
): Promise<{ exitCode: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, run.argv, {
      cwd: run.cwd,
      env: serverEnvironment,
      stdio: ["ignore", "pipe", "pipe"],
      signal: run.signal,
      ...identityOf(user),
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output = (output + text).slice(-20_000);
      });
    child.on("error", (cause) => reject(run.signal?.aborted ? canceled(program, cause) : cannotStart(program, cause)));
    child.on("close", (exitCode) => resolve({ exitCode, output }));
  });
}

/** The error for a program that could not be executed at all. */
export function cannotStart(program: string, cause: Error): SetupError {
  return new SetupError("postgres-unavailable", {
    what: `${program} cannot be started`,
    why: `${cause.message}.`,
    nextStep:
      "Check that its disk is not mounted noexec and that this system uses glibc; otherwise give an own server with DATABASE_URL.",
    cause,
  });
}

function canceled(program: string, cause: Error): SetupError {
  return new SetupError("canceled", {
    what: "The set-up was canceled",
    why: `${program} was still running.`,
    nextStep: "Run the command again: it goes on where it stopped.",
    cause,
  });
}

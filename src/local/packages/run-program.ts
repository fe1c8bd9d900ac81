/** Runs a program to its end, with its last words kept and its lines reported while it runs. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { SetupError } from "../../domain/setup-error.ts";
import type { Owner } from "./package-paths.ts";

export interface ProgramRun {
  command: readonly [string, ...string[]];
  cwd?: string;
  /** The whole environment; nothing is inherited. */
  env: Record<string, string>;
  stdin?: string;
  /** Runs as somebody else; only root can. */
  owner?: Owner | null;
  signal?: AbortSignal;
  onLine?: (line: string) => void;
}

export interface ProgramResult {
  /** Null when a signal ended it or it could not be started. */
  exitCode: number | null;
  stdout: string;
  /** The last of what it said on stderr; the reason when it could not be started. */
  stderr: string;
}

/** No more of one stream is kept, in characters. */
const keep = 200_000;

/**
 * Runs it and waits for its end; a failure is a result, not an exception.
 * @throws SetupError `canceled` when the signal aborts; the program is gone by then
 */
export function runProgram(run: ProgramRun): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const [file, ...argv] = run.command;
    const child = spawn(file, argv, {
      cwd: run.cwd ?? "/",
      env: run.env,
      stdio: ["pipe", "pipe", "pipe"],
      // A group of its own, so that what it started can be ended with it.
      detached: true,
      ...(run.owner ? { uid: run.owner.uid, gid: run.owner.gid } : {}),
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout = (stdout + text).slice(-keep);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-keep);
    });
    if (run.onLine) for (const input of [child.stdout, child.stderr]) createInterface({ input }).on("line", run.onLine);
    const end = () => killGroup(child.pid);
    run.signal?.addEventListener("abort", end, { once: true });
    if (run.signal?.aborted) end();
    // A program that ends without reading its input is judged by its exit code.
    child.stdin.on("error", () => undefined).end(run.stdin ?? "");
    child.on("error", (error) => {
      stderr += error.message;
    });
    child.on("close", (exitCode) => {
      run.signal?.removeEventListener("abort", end);
      if (run.signal?.aborted) reject(canceled(file));
      else resolve({ exitCode, stdout, stderr });
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

function canceled(file: string): SetupError {
  return new SetupError("canceled", {
    what: "The installation was canceled",
    why: `${file} was still running.`,
    nextStep: "Run the command again: it goes on where it stopped.",
  });
}

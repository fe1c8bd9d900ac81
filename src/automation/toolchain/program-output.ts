/** Runs a program to its end, line by line, ended with its whole process group when it is canceled or takes too long. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface ProgramOptions {
  argv: string[];
  environment: Readonly<Record<string, string>>;
  cwd?: string;
  signal?: AbortSignal;
  timeoutSeconds?: number;
  /** Called for every line of both streams. */
  onLine?: (line: string) => void;
}

export interface ProgramEnd {
  /** Null when a signal ended it. */
  exitCode: number | null;
  /** At most the last 200 lines of each stream. */
  stdout: string[];
  stderr: string[];
  timedOut: boolean;
}

/**
 * @returns how it ended, also when that was badly
 * @throws the system error when it cannot be started at all (`ENOENT`: it is not there)
 */
export function runProgram(program: string, options: ProgramOptions): Promise<ProgramEnd> {
  const { argv, environment, cwd, signal, timeoutSeconds, onLine } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, {
      env: { ...environment },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      ...(cwd === undefined ? {} : { cwd }),
    });
    let timedOut = false;
    const end = () => endGroup(child.pid);
    const timer =
      timeoutSeconds &&
      setTimeout(() => {
        timedOut = true;
        end();
      }, timeoutSeconds * 1000);
    const collect = (stream: NodeJS.ReadableStream) => {
      const lines: string[] = [];
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        if (lines.length > 200) lines.shift();
        onLine?.(line);
      });
      return lines;
    };
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const settle = () => {
      if (timer) clearTimeout(timer);
      signal?.removeEventListener("abort", end);
    };
    if (signal?.aborted) end();
    signal?.addEventListener("abort", end, { once: true });
    child.on("error", (error) => {
      settle();
      reject(error);
    });
    child.on("close", (exitCode) => {
      settle();
      resolve({ exitCode, stdout, stderr, timedOut });
    });
  });
}

/** The compilers a build started would go on for minutes if only their parent were ended. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended by itself meanwhile.
  }
}

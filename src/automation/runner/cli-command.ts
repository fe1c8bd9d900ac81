/**
 * The Pulumi CLI as the Automation API calls it, with our own way of starting it: the exact environment and nothing of
 * the runner's, pid and start time told before anything happens, one polite signal, output kept short and on disk.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import { processIdentity } from "../../local/process-identity.ts";
import { plainArguments } from "./plain-line.ts";

/** The SDK and the CLI are pinned to one version (docs/adr/0003); asking the CLI each time would cost a process. */
const CLI_VERSION = "3.248.0";
const TAIL_BYTES = 64 * 1024;

export interface CliCommandOptions {
  binary: string;
  env: Readonly<Record<string, string>>;
  /** Where each process's whole output is kept. */
  scratch: string;
  /** Let `up` preview before it changes anything, in the same process: the SDK always skips that. */
  previewFirst: boolean;
  /** An operator's line, run in place of the SDK's verb and flags. */
  plainLine?: readonly string[] | undefined;
  onProcess(pid: number, startTime: string): void;
}

/** A CLI process that ended badly. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;

  constructor(parts: Pick<CliError, "stdout" | "stderr" | "exitCode" | "signal">) {
    super(`The Pulumi CLI ended with ${parts.signal ?? `exit code ${parts.exitCode}`}`);
    this.stdout = parts.stdout;
    this.stderr = parts.stderr;
    this.exitCode = parts.exitCode;
    this.signal = parts.signal;
  }
}

export interface CliOutput {
  stdout: string;
  stderr: string;
  code: number;
}

export interface CliCommand {
  /** For the Automation API's workspace. */
  pulumiCommand: PulumiCommand;
  run(args: readonly string[], cwd: string): Promise<CliOutput>;
  /** One SIGINT to the running process, never to its group: running steps finish and are saved. Later calls do nothing. */
  interrupt(): void;
  interrupted(): boolean;
}

/** Makes the command; one per runner. */
export function createCliCommand(options: CliCommandOptions): CliCommand {
  let current: ReturnType<typeof spawn> | undefined;
  let interrupted = false;
  let processes = 0;

  const run = async (args: readonly string[], cwd: string): Promise<CliOutput> => {
    if (interrupted) throw new CliError({ stdout: "", stderr: "", exitCode: null, signal: "SIGINT" });
    processes += 1;
    const files = {
      stdout: join(options.scratch, `cli-${processes}.out`),
      stderr: join(options.scratch, `cli-${processes}.err`),
    };
    // Files, not pipes: with the runner dead, a broken pipe would kill the CLI before it saved its running steps.
    const [stdout, stderr] = [openSync(files.stdout, "w", 0o600), openSync(files.stderr, "w", 0o600)];
    try {
      // Same process group as the runner: the group is what gets killed when the lease is lost.
      const child = spawn(options.binary, [...finalArguments(args, options)], {
        cwd,
        // The event log is one of the flags the CLI hides otherwise.
        env: { ...options.env, PULUMI_AUTOMATION_API: "true", PULUMI_DEBUG_COMMANDS: "true" },
        stdio: ["ignore", stdout, stderr],
      });
      current = child;
      const ended = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
        child.once("error", reject);
        child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
      });
      if (child.pid !== undefined) {
        const { pid } = child;
        void processIdentity(pid).then((startTime) => options.onProcess(pid, startTime ?? "gone"));
      }
      const { exitCode, signal } = await ended;
      const output = { stdout: await tail(files.stdout), stderr: await tail(files.stderr) };
      if (exitCode !== 0) throw new CliError({ ...output, exitCode, signal });
      return { ...output, code: 0 };
    } finally {
      current = undefined;
      closeSync(stdout);
      closeSync(stderr);
    }
  };

  const command = {
    command: options.binary,
    version: { toString: () => CLI_VERSION },
    run: (args: string[], cwd: string) => run(args, cwd),
  };
  return {
    // The class has a private constructor that starts a process; the workspace uses these three members only.
    pulumiCommand: command as unknown as PulumiCommand,
    run,
    interrupt: () => {
      if (interrupted) return;
      interrupted = true;
      current?.kill("SIGINT");
    },
    interrupted: () => interrupted,
  };
}

function finalArguments(args: readonly string[], { previewFirst, plainLine }: CliCommandOptions): readonly string[] {
  const own = plainLine !== undefined && args[0] === "up" ? plainArguments(plainLine, args) : args;
  const wanted = previewFirst && own[0] === "up" ? own.filter((arg) => arg !== "--skip-preview") : own;
  return wanted.includes("--non-interactive") ? wanted : [...wanted, "--non-interactive"];
}

/** The last part of a file: what an error says is at its end, and a log may be long. */
async function tail(path: string): Promise<string> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString("utf8");
  } finally {
    await file.close();
  }
}

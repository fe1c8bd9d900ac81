/** Starts a process: its own session, its deployment's uid, output straight into files that outlive the supervisor. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, chownSync, closeSync, openSync } from "node:fs";
import type { Owner } from "./folders.ts";
import { identifyChild, type ProcessIdentity } from "./process-table.ts";

export interface LaunchRequest {
  command: string[];
  environment: Record<string, string>;
  folder: string;
  owner: Owner;
  stdoutFile: string;
  stderrFile: string;
  /** Given when somebody wants to know the exit code even if the supervisor is gone by then. */
  exitCodeFile?: string;
  /** An open file to read from instead of nothing. */
  stdin?: number;
}

export interface Launched {
  child: ChildProcess;
  identity: ProcessIdentity;
}

const isRoot = process.getuid?.() === 0;

/** No file for others to read, no memory image with secrets in it on the disk. The process keeps the shell's pid. */
const START = 'umask 077; ulimit -c 0; exec "$@"';

/** The same, but a shell stays to write the exit code. The command does not get to see that file. */
const START_AND_NOTE_EXIT = 'umask 077; ulimit -c 0; "$@" 3>&-; printf "%d\\n" "$?" >&3';

/**
 * Starts a process.
 * @throws Error when the system refuses; a command that does not exist is no error here, it ends with code 127.
 */
export function launch(request: LaunchRequest): Launched {
  const descriptors: number[] = [];
  try {
    const open = (file: string): number => {
      const descriptor = openOutput(file, request.owner);
      descriptors.push(descriptor);
      return descriptor;
    };
    const stdio: (number | "ignore")[] = [
      request.stdin ?? "ignore",
      open(request.stdoutFile),
      open(request.stderrFile),
    ];
    if (request.exitCodeFile !== undefined) stdio.push(openExitCode(request.exitCodeFile, descriptors));
    const script = request.exitCodeFile === undefined ? START : START_AND_NOTE_EXIT;
    const child = spawn("/bin/sh", ["-c", script, "onvera", ...request.command], {
      cwd: request.folder,
      env: request.environment,
      detached: true,
      stdio,
      // With a uid given, the system drops all supplementary groups as well.
      ...(isRoot ? { uid: request.owner.uid, gid: request.owner.gid } : {}),
    });
    // Without a listener a refusal would end the supervisor; the thrown error below says it.
    child.on("error", () => {});
    const identity = child.pid === undefined ? undefined : identifyChild(child.pid);
    if (identity === undefined)
      throw new Error(`Could not start ${request.command[0] ?? "nothing"} in ${request.folder}.`);
    child.unref();
    return { child, identity };
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

/** The app may open its own output by path again (`/dev/stdout`), so the file is its own. The folder is closed to it. */
function openOutput(file: string, owner: Owner): number {
  const descriptor = openSync(file, "a", 0o600);
  if (isRoot) chownSync(file, owner.uid, owner.gid);
  return descriptor;
}

function openExitCode(file: string, descriptors: number[]): number {
  const descriptor = openSync(file, "w", 0o600);
  descriptors.push(descriptor);
  chmodSync(file, 0o600);
  return descriptor;
}

/** Finds out from its pid file whether a server runs on a data folder, and whether that process really is it. */
import { execFile } from "node:child_process";
import { readFile, readlink, realpath, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { systemErrorCode } from "../../domain/setup-error.ts";
import { processIdentity } from "../process-identity.ts";

const run = promisify(execFile);

export interface Postmaster {
  pid: number;
  port: number;
  /** True once it accepts connections. */
  isReady: boolean;
}

/** Reads the text of `postmaster.pid`; undefined when it is cut off or something else. */
export function parsePostmasterPid(text: string): Postmaster | undefined {
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!Number.isInteger(pid) || pid <= 0 || !Number.isInteger(port)) return undefined;
  return { pid, port, isReady: lines[7]?.trim() === "ready" };
}

/** The server running on this data folder, or undefined: no pid file, its process is gone, or the pid is somebody else's now. */
export async function runningPostmaster(data: string): Promise<Postmaster | undefined> {
  const found = await readPidFile(data);
  return found && (await servesFolder(found.pid, data)) ? found : undefined;
}

/**
 * Removes the pid and socket lock files of a dead server. PostgreSQL does that itself unless the pid has been given to
 * another process meanwhile, which is common after a reboot. To be called only when no server runs, under our own lock.
 */
export async function removeStaleFiles(data: string, socketFolder: string, port: number): Promise<void> {
  const stale = [path.join(data, "postmaster.pid"), path.join(socketFolder, `.s.PGSQL.${port}.lock`)];
  for (const file of stale) {
    const pid = Number((await readFile(file, "utf8").catch(() => "")).split("\n")[0]);
    if (pid > 0 && !(await servesFolder(pid, data))) await rm(file, { force: true });
  }
}

async function readPidFile(data: string): Promise<Postmaster | undefined> {
  try {
    return parsePostmasterPid(await readFile(path.join(data, "postmaster.pid"), "utf8"));
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** A server's working directory is its data folder; that also tells it from another installation's server. */
async function servesFolder(pid: number, data: string): Promise<boolean> {
  if ((await processIdentity(pid)) === undefined) return false;
  try {
    if (process.platform === "linux") return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(data));
    const { stdout } = await run("ps", ["-o", "command=", "-p", String(pid)], { env: { PATH: "/bin:/usr/bin" } });
    return stdout.includes(data);
  } catch {
    return false;
  }
}

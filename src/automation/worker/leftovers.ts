/** Proves that nothing of an operation's earlier attempt still runs on this host, and ends what does. */
import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { processIdentity } from "../../local/process-identity.ts";
import type { ProcessRecord } from "../../store/tables/operations.ts";

export type LeftoverVerdict =
  /** Nothing of it is alive. */
  | "gone"
  /** It was alive and has been ended. */
  | "killed"
  /** It ran on another host: only the fence guards against it. */
  | "elsewhere";

const GONE_POLL_MILLISECONDS = 50;
const GONE_LIMIT_MILLISECONDS = 10_000;

/**
 * Ends the process group of an earlier attempt. A pid alone proves nothing, so a group is touched only when one of its
 * members is the recorded process or carries the operation's mark in its environment.
 * @throws Error when it cannot be ended
 */
export async function endLeftovers(record: ProcessRecord | null, operationId: string): Promise<LeftoverVerdict> {
  if (record === null) return "gone";
  if (record.host !== hostname()) return "elsewhere";
  if (!(await isOurs(record, operationId))) return "gone";
  const deadline = performance.now() + GONE_LIMIT_MILLISECONDS;
  while (await isOurs(record, operationId)) {
    if (performance.now() > deadline)
      throw new Error(`Process group ${record.processGroup} of ${operationId} does not end.`);
    try {
      process.kill(-record.processGroup, "SIGKILL");
    } catch {
      // It ended between the look and the signal.
    }
    await sleep(GONE_POLL_MILLISECONDS);
  }
  return "killed";
}

async function isOurs(record: ProcessRecord, operationId: string): Promise<boolean> {
  if ((await processIdentity(record.pid)) === record.startTime) return true;
  for (const pid of await groupMembers(record.processGroup)) {
    if ((await markOf(pid)) === operationId) return true;
  }
  return false;
}

async function groupMembers(group: number): Promise<number[]> {
  if (process.platform !== "linux") return [];
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const members: number[] = [];
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] !== "Z" && Number(fields[2]) === group) members.push(pid);
  }
  return members;
}

/** The runner puts the operation's id into each CLI process's environment, and plugins inherit it. */
async function markOf(pid: number): Promise<string | undefined> {
  const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
  const entry = environment.split("\0").find((text) => text.startsWith("ONVERA_OPERATION="));
  return entry?.slice("ONVERA_OPERATION=".length);
}

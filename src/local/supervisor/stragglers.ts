/** Processes that got away: they left their session and hid their mark, but not their uid. */
import { MARK_VARIABLE } from "./child-environment.ts";
import { environmentValue, processUid, readProcesses } from "./process-table.ts";

/** Uids that something runs under at this moment. */
export function uidsInUse(): Set<number> {
  return new Set(readProcesses().flatMap(({ pid }) => processUid(pid) ?? []));
}

/**
 * Ends every process of a uid that belongs to one deployment alone. One that carries another deployment's mark is left
 * alone: it can only be another installation's.
 * @throws RangeError for root's uid and our own
 */
export function endProcessesOf(uid: number, deploymentId: string): void {
  if (uid === 0 || uid === process.getuid?.()) throw new RangeError(`uid ${uid} belongs to no deployment alone.`);
  for (const { pid } of readProcesses()) {
    if (processUid(pid) !== uid) continue;
    const mark = environmentValue(pid, MARK_VARIABLE);
    if (mark !== undefined && !mark.startsWith(`${deploymentId}/`)) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself between the look and the signal.
    }
  }
}

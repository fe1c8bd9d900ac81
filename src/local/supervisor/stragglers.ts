/** Processes that got away: they left their session and hid their mark, but not their uid. */
import { processUid, readProcesses } from "./process-table.ts";

/** Ends every process of a uid that belongs to one deployment alone. @throws RangeError for root's own */
export function endProcessesOf(uid: number): void {
  if (uid === 0 || uid === process.getuid?.()) throw new RangeError(`uid ${uid} belongs to no deployment alone.`);
  for (const { pid } of readProcesses()) {
    if (processUid(pid) !== uid) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself between the look and the signal.
    }
  }
}

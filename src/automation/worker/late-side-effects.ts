/** What an earlier attempt began in a provider process ends before its successor looks at what exists. */
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { processIdentity } from "../../local/process-identity.ts";
import type { Store } from "../../store/database.ts";
import type { Operation, ProcessRecord } from "../../store/tables/operations.ts";
import { sideEffectsEnded } from "../recovery/side-effect-lock.ts";
import { aboutOperation } from "./log-fields.ts";
import type { WorkerLog } from "./operation-run.ts";

const GONE_POLL_MILLISECONDS = 20;
const GONE_LIMIT_MILLISECONDS = 5000;

/**
 * Waits until no provider process has anything of the stack under way. One of this host that does not get there, because
 * it hangs or sleeps, is killed; one of another host is only fenced, and what it still does is found by the look-up.
 * @param limitSeconds for what is under way to end by itself
 * @throws Error when a process of this host does not end even when killed
 */
export async function endSideEffects(
  { store, log }: { store: Store; log: WorkerLog },
  operation: Operation,
  limitSeconds: number,
): Promise<void> {
  const { resource_id: stackName, process: record } = operation;
  if (await sideEffectsEnded(store, stackName, limitSeconds * 1000)) return;
  const provider = record?.host === hostname() ? record.provider : undefined;
  if (provider === undefined) {
    log.warn(aboutOperation(operation), "Something of an earlier attempt may still be under way on another host");
    return;
  }
  log.warn(
    { ...aboutOperation(operation), pid: provider.pid },
    "The provider process of an earlier attempt hangs and is ended",
  );
  await end(provider);
  await sideEffectsEnded(store, stackName, limitSeconds * 1000);
}

async function end({ pid, startTime }: NonNullable<ProcessRecord["provider"]>): Promise<void> {
  const deadline = performance.now() + GONE_LIMIT_MILLISECONDS;
  while ((await processIdentity(pid)) === startTime) {
    if (performance.now() > deadline) throw new Error(`Provider process ${pid} does not end.`);
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended between the look and the signal.
    }
    await sleep(GONE_POLL_MILLISECONDS);
  }
}

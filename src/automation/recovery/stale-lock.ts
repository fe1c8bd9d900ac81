/**
 * Removes a lock that a killed CLI left (NH-02). The claim raised the generation before, so whoever took the lock can
 * write nothing any more; it is removed only when its process is proven gone on this host, or was another host's, whose
 * lease has run out. Every removal is an audit event.
 */
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { processIdentity } from "../../local/process-identity.ts";
import { writeAudit } from "../../store/audit.ts";
import type { Store } from "../../store/database.ts";
import type { Operation } from "../../store/tables/operations.ts";
import { readStackLocks, removeStackLock } from "./state-rows.ts";

/**
 * Removes what is stale. Call it after the claim raised the fence and the earlier attempt's processes were ended.
 * @returns how many locks were removed
 * @throws Error when a lock's process is alive on this host: it is no operation's, and not ours to end
 */
export async function removeStaleLocks(store: Store, operation: Operation): Promise<number> {
  const locks = await readStackLocks(store, operation.resource_id);
  for (const lock of locks) {
    const here = lock.hostname === hostname();
    if (here && (await isEngine(lock.pid))) {
      throw new Error(
        `Stack ${operation.resource_id} is locked by process ${lock.pid} of this host, which still runs.`,
      );
    }
    await store.asPlatform((db) =>
      writeAudit(db, {
        organizationId: operation.organization_id,
        actor: { kind: "system", id: operation.lease_owner ?? "worker", name: "worker" },
        origin: "system",
        action: "stack.lock_removed",
        targetType: operation.resource_type,
        targetId: operation.resource_id,
        change: { operation_id: operation.id, pid: lock.pid, host: lock.hostname, process: here ? "gone" : "fenced" },
      }),
    );
    await removeStackLock(store, lock);
  }
  return locks.length;
}

/** Whether that pid is a Pulumi CLI now; the number alone may long belong to something else. */
async function isEngine(pid: number): Promise<boolean> {
  if ((await processIdentity(pid)) === undefined) return false;
  if (process.platform !== "linux") return true;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return commandLine.includes("pulumi");
}

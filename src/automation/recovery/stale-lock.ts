/**
 * Removes a lock that a killed CLI left (NH-02): only after the generation was raised, and only when its process is
 * proven gone on this host, or belongs to another host whose lease has run out. Every removal is an audit event.
 */
import { hostname } from "node:os";
import { processIdentity } from "../../local/process-identity.ts";
import { writeAudit } from "../../store/audit.ts";
import type { Store } from "../../store/database.ts";
import type { Operation } from "../../store/schema.ts";
import type { LeftoverVerdict } from "../worker/leftovers.ts";
import { readStackLocks, removeStackLock } from "./state-reader.ts";

/**
 * Removes what is stale. Call it after the claim raised the fence and the earlier attempt's processes were ended.
 * @returns how many locks were removed
 * @throws Error when a lock's process is alive on this host and not ours to end
 */
export async function removeStaleLocks(store: Store, operation: Operation, verdict: LeftoverVerdict): Promise<number> {
  const locks = await readStackLocks(store, operation.resource_id);
  for (const lock of locks) {
    const here = lock.hostname === hostname();
    if (here && (await processIdentity(lock.pid)) !== undefined && verdict !== "killed") {
      throw new Error(
        `Stack ${operation.resource_id} is locked by process ${lock.pid} of this host, which still runs and is no operation's.`,
      );
    }
    await store.asPlatform(async (db) => {
      await writeAudit(db, {
        organizationId: operation.organization_id,
        actor: { kind: "system", id: operation.lease_owner ?? "worker", name: "worker" },
        origin: "system",
        action: "stack.lock_removed",
        targetType: operation.resource_type,
        targetId: operation.resource_id,
        change: { operation_id: operation.id, pid: lock.pid, host: lock.hostname, process: here ? "gone" : "fenced" },
      });
    });
    await removeStackLock(store, lock);
  }
  return locks.length;
}

/** Notes each API key's use: when last, and in the audit log which endpoint. Beside the request, never in its way. */
import { timestamp } from "../domain/timestamps.ts";
import { writeAudit } from "../store/audit.ts";
import type { Store } from "../store/database.ts";
import type { Caller, Origin } from "./caller.ts";
import type { ServerLog } from "./deps.ts";

/** The same key at the same endpoint is written down once in this time; a poller would fill the log otherwise. */
const REPEAT_MILLISECONDS = 60_000;
const FLUSH_MILLISECONDS = 250;

export interface KeyUsage {
  record(caller: Caller, endpoint: string, origin: Origin): void;
  /** Writes what is still open. */
  flush(): Promise<void>;
}

interface Use {
  caller: Caller;
  endpoint: string;
  origin: Origin;
  at: Date;
}

/** Makes the recorder. @param now the clock */
export function createKeyUsage(options: { store: Store; log: ServerLog; now: () => Date }): KeyUsage {
  const { store, log, now } = options;
  const recent = new Map<string, number>();
  let open: Use[] = [];
  let timer: NodeJS.Timeout | undefined;

  const write = async () => {
    const uses = open;
    open = [];
    await store.asPlatform(async (db) => {
      for (const { caller, endpoint, origin, at } of uses) {
        await db
          .updateTable("api_keys")
          .set({ last_used_at: at })
          .where("id", "=", caller.apiKeyId ?? "")
          .execute();
        await writeAudit(db, {
          organizationId: caller.organizationId,
          actor: caller.actor,
          origin,
          action: "api_key.use",
          targetType: "api_key",
          targetId: caller.apiKeyId ?? undefined,
          change: { endpoint, user_id: caller.userId, used_at: timestamp(at) },
        });
      }
    });
  };
  let writing: Promise<void> = Promise.resolve();
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    // One after the other, so that who waits for the last one has waited for all.
    writing = writing.then(async () => {
      if (open.length > 0)
        await write().catch((err: unknown) => log.error({ err }, "Key use could not be written down"));
    });
    return writing;
  };

  return {
    record(caller, endpoint, origin) {
      if (caller.apiKeyId === null) return;
      const at = now();
      const key = `${caller.apiKeyId} ${endpoint}`;
      if (at.getTime() - (recent.get(key) ?? 0) < REPEAT_MILLISECONDS) return;
      if (recent.size > 10_000) recent.clear();
      recent.set(key, at.getTime());
      open.push({ caller, endpoint, origin, at });
      timer ??= setTimeout(flush, FLUSH_MILLISECONDS).unref();
    },
    flush,
  };
}

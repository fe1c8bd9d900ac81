/** Transactions of requests: scoped, repeated when two of them got in each other's way, and answered once per Idempotency-Key. */
import { createHash } from "node:crypto";
import type { Context } from "hono";
import { type SealedValue, seal, unseal } from "../domain/envelope.ts";
import { OnveraError } from "../domain/errors.ts";
import { type AuditEntry, writeAudit } from "../store/audit.ts";
import { idempotencyPlace } from "../store/crypto/places.ts";
import type { Scoped } from "../store/database.ts";
import { tooOld } from "./answers-kept.ts";
import type { ServerEnv } from "./caller.ts";
import type { ServerDeps } from "./deps.ts";

const TRIES = 4;
/** Serialization failure and deadlock: PostgreSQL asks for the transaction to be repeated. */
const REPEATABLE = new Set(["40001", "40P01"]);

/** Whose rows a transaction sees; null is the platform's sight. */
export type Sight = string | null;

/** Runs `work` in one scoped transaction, again when the database asks for it. */
export function transact<T>(
  { store }: Pick<ServerDeps, "store">,
  sight: Sight,
  work: (db: Scoped) => Promise<T>,
): Promise<T> {
  return repeated(() => (sight === null ? store.asPlatform(work) : store.forOrganization(sight, work)));
}

/** Runs a transaction, again when the database asks for it. */
export async function repeated<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction();
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      if (attempt >= TRIES || !REPEATABLE.has(code)) throw error;
    }
  }
}

/**
 * Runs `work` once per Idempotency-Key: a repeated request gets the first answer, also when both come at the same time.
 * The answer is stored in the transaction that does the work, so that neither exists without the other.
 * @throws OnveraError IDEMPOTENCY_KEY_REUSED when the key came with another request
 */
export async function answerOnce<T>(
  deps: ServerDeps,
  c: Context<ServerEnv>,
  sight: Sight,
  work: (db: Scoped) => Promise<T>,
): Promise<T> {
  const key = c.req.header("idempotency-key");
  if (key === undefined) return transact(deps, sight, work);
  const route = `${c.req.method} ${c.req.path}`;
  const fingerprint = createHash("sha256")
    .update(`${route}\n`)
    .update(Buffer.from(await c.req.arrayBuffer()))
    .digest();
  const caller = c.get("caller").actor.id;
  const organizationId = sight ?? "";
  const place = idempotencyPlace(organizationId, caller, route, key);
  return transact(deps, sight, async (db) => {
    // A second request with the key waits here until the first has committed or is gone.
    const claimed = await db
      .insertInto("idempotency_keys")
      .values({ organization_id: organizationId, caller, route, key, fingerprint })
      .onConflict((conflict) =>
        conflict
          .columns(["organization_id", "caller", "route", "key"])
          .doUpdateSet({ fingerprint, body: null, created_at: new Date() })
          .where("idempotency_keys.created_at", "<", tooOld),
      )
      .returning("key")
      .executeTakeFirst();
    const row = db
      .selectFrom("idempotency_keys")
      .select(["fingerprint", "body"])
      .where("organization_id", "=", organizationId)
      .where("caller", "=", caller)
      .where("route", "=", route)
      .where("key", "=", key);
    if (!claimed) {
      const stored = await row.executeTakeFirstOrThrow();
      if (!fingerprint.equals(stored.fingerprint)) throw new OnveraError("IDEMPOTENCY_KEY_REUSED");
      const sealed = stored.body as SealedValue;
      const sealingKey = await deps.dataKeys.byId(db, sealed.kid);
      c.header("Idempotent-Replayed", "true");
      return JSON.parse(unseal(sealingKey, sealed, place).toString("utf8")) as T;
    }
    const answer = await work(db);
    // Sealed, because the answer may hold a key that is shown only once.
    const sealingKey = await deps.dataKeys.current(db, sight);
    const body = seal(sealingKey, JSON.stringify(answer), place);
    await db
      .updateTable("idempotency_keys")
      .set({ status: 200, body: JSON.stringify(body) })
      .where("organization_id", "=", organizationId)
      .where("caller", "=", caller)
      .where("route", "=", route)
      .where("key", "=", key)
      .execute();
    return answer;
  });
}

/** Writes the audit line of a request's change, in its transaction. */
export function audit(
  db: Scoped,
  c: Context<ServerEnv>,
  entry: Pick<AuditEntry, "organizationId" | "action" | "targetType" | "targetId" | "change" | "outcome">,
): Promise<void> {
  return writeAudit(db, {
    ...entry,
    actor: c.get("caller").actor,
    origin: c.get("origin"),
    requestId: c.get("requestId"),
  });
}

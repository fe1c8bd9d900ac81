/** Answers of requests with an Idempotency-Key are kept for a day, as promised, and forgotten after it. */
import { sql } from "kysely";
import type { Store } from "../store/database.ts";
import type { ServerLog } from "./deps.ts";
import { forgetDetails } from "./old-details.ts";
import { forgetProviderRecords } from "./sign-in/forgetting.ts";

/** When an answer is too old to be given again. */
export const tooOld = sql<Date>`now() - interval '24 hours'`;

const HOUR_MILLISECONDS = 3_600_000;
const BATCH = 5000;

/** Each removes what is too old, in batches, and may run on several servers at a time. */
const housekeeping: readonly (readonly [what: string, forget: (store: Store) => Promise<number>])[] = [
  ["Old answers", forgetAnswers],
  ["Old sign-ins", forgetProviderRecords],
  ["Details of old operations", forgetDetails],
];

/** Forgets once an hour; several servers may do it at a time. The first time comes after the first hour. */
export function startForgetting({ store, log }: { store: Store; log: ServerLog }): { stop(): void } {
  const timer = setInterval(() => {
    for (const [what, forget] of housekeeping) {
      forget(store).catch((err: unknown) => log.error({ err }, `${what} could not be forgotten`));
    }
  }, HOUR_MILLISECONDS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

/** Removes what is too old, in batches that hold nobody up. @returns how many there were */
export async function forgetAnswers(store: Store): Promise<number> {
  for (let forgotten = 0; ; ) {
    const { numAffectedRows = 0n } = await store.asPlatform((db) =>
      sql`DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM idempotency_keys WHERE created_at < ${tooOld} LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
      ))`.execute(db),
    );
    forgotten += Number(numAffectedRows);
    if (numAffectedRows < BigInt(BATCH)) return forgotten;
  }
}

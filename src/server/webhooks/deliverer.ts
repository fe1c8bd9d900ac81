/** Delivers what waits: any number of servers take turns, each delivery is under way at one of them. */
import { sql } from "kysely";
import { unseal } from "../../domain/envelope.ts";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import { webhookSecretPlace } from "../../store/crypto/places.ts";
import type { Scoped, Store } from "../../store/database.ts";
import type { StoredSecret } from "../../store/tables/webhooks.ts";
import type { ServerLog } from "../deps.ts";
import type { OperationHub } from "../operation-hub.ts";
import { recordTry } from "./outcome.ts";
import type { WebhookPolicy } from "./retries.ts";
import { type Sent, sendWebhook } from "./send.ts";
import { signedHeaders } from "./signature.ts";

export interface DelivererDeps {
  store: Store;
  dataKeys: DataKeys;
  hub: OperationHub;
  policy: WebhookPolicy;
  log: ServerLog;
}

/** At once by one server, one for each endpoint: a slow receiver holds up nobody else. */
const AT_ONCE = 16;
const LOOK_MILLISECONDS = 2000;
/** A server that dies while it sends leaves the delivery to others after so long. */
const LEASE_SECONDS = 60;
const KEPT_DAYS = 14;
const CLEAN_MILLISECONDS = 3_600_000;
const BATCH = 500;

export interface Due {
  id: string;
  organization_id: string;
  endpoint_id: string;
  message_id: string;
  attempts: number;
  url: string;
  body: string;
  secrets: StoredSecret[];
}

/** Starts delivering in the background. */
export function startDeliverer(deps: DelivererDeps): { stop(): Promise<void> } {
  const { store, hub, policy, log } = deps;
  const underWay = new Map<string, Promise<void>>();
  const watch = hub.watch(["webhook"]);
  const stopping = new AbortController();
  let cleanedAt = 0;
  let pause = new AbortController();

  const deliver = async (due: Due) => {
    const sent = await send(deps, due);
    await store.asPlatform((db) => recordTry(db, due, sent, policy));
    if (sent.error !== null || (sent.status ?? 0) >= 300)
      log.info({ webhook_id: due.endpoint_id, status: sent.status, attempt: due.attempts }, "A webhook was not taken");
  };
  const begin = (due: Due) => {
    const done = deliver(due)
      .catch((err: unknown) => log.error({ err, webhook_id: due.endpoint_id }, "A delivery could not be recorded"))
      .finally(() => {
        underWay.delete(due.endpoint_id);
        // Its end makes room for the next of its endpoint.
        pause.abort();
      });
    underWay.set(due.endpoint_id, done);
  };
  const clean = async () => {
    if (Date.now() - cleanedAt < CLEAN_MILLISECONDS) return;
    cleanedAt = Date.now();
    while (await store.asPlatform(removeOldMessages)) {}
  };
  const run = async () => {
    while (!stopping.signal.aborted) {
      // Before looking: what ends meanwhile is not missed.
      pause = new AbortController();
      const free = AT_ONCE - underWay.size;
      const due = free > 0 ? await store.asPlatform((db) => claimDue(db, free, [...underWay.keys()])) : [];
      for (const one of due) begin(one);
      await clean();
      if (due.length > 0) continue;
      const wait = await store.asPlatform(untilNextDue);
      if (!stopping.signal.aborted) await watch.next(Math.min(LOOK_MILLISECONDS, wait), pause.signal);
    }
  };
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await run().catch(async (err: unknown) => {
        log.info({ err }, "Webhooks wait for the database");
        await watch.next(LOOK_MILLISECONDS, stopping.signal);
      });
    }
  })();

  return {
    async stop() {
      stopping.abort();
      pause.abort();
      await running;
      await Promise.all(underWay.values());
      watch.close();
    },
  };
}

async function send({ store, dataKeys, policy }: DelivererDeps, due: Due): Promise<Sent> {
  const now = Date.now();
  const good = due.secrets.filter(({ until }) => until === null || Date.parse(until) > now);
  const secrets = await store.asPlatform((db) =>
    Promise.all(
      good.map(async ({ sealed }) => {
        const key = await dataKeys.byId(db, sealed.kid);
        return unseal(key, sealed, webhookSecretPlace(due.endpoint_id)).toString("utf8");
      }),
    ),
  );
  const headers = signedHeaders({ id: due.message_id, at: now, body: due.body }, secrets);
  return sendWebhook(due.url, { body: due.body, headers }, policy);
}

/** Takes what is due, one delivery of each endpoint, and keeps it for itself for a while. */
async function claimDue(db: Scoped, limit: number, busy: readonly string[]): Promise<Due[]> {
  const { rows } = await sql<Due>`
    WITH due AS (
      SELECT DISTINCT ON (endpoint_id) id FROM webhook_deliveries
      WHERE status = 'pending' AND next_at <= now() AND endpoint_id <> ALL (${[...busy]}::text[])
      ORDER BY endpoint_id, next_at LIMIT ${limit}
    ), locked AS (
      SELECT delivery.id FROM webhook_deliveries delivery JOIN due USING (id)
      WHERE delivery.status = 'pending' AND delivery.next_at <= now() FOR UPDATE OF delivery SKIP LOCKED
    )
    UPDATE webhook_deliveries delivery
    SET attempts = delivery.attempts + 1, next_at = now() + make_interval(secs => ${LEASE_SECONDS})
    FROM locked, webhook_endpoints endpoint, webhook_messages message
    WHERE delivery.id = locked.id AND endpoint.id = delivery.endpoint_id AND message.id = delivery.message_id
      AND endpoint.disabled_at IS NULL
    RETURNING delivery.id, delivery.organization_id, delivery.endpoint_id, delivery.message_id, delivery.attempts,
      endpoint.url, message.body, endpoint.secrets`.execute(db);
  return rows;
}

/** Milliseconds until something that waits for its next try is due; what is due already has been looked at. */
async function untilNextDue(db: Scoped): Promise<number> {
  const { rows } = await sql<{ milliseconds: number | null }>`
    SELECT extract(epoch FROM min(next_at) - now())::float8 * 1000 AS milliseconds FROM webhook_deliveries
    WHERE status = 'pending' AND next_at > now()`.execute(db);
  return Math.max(10, rows[0]?.milliseconds ?? LOOK_MILLISECONDS);
}

async function removeOldMessages(db: Scoped): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`DELETE FROM webhook_messages WHERE id = ANY (ARRAY(
      SELECT id FROM webhook_messages WHERE created_at < now() - make_interval(days => ${KEPT_DAYS}) LIMIT ${BATCH}))`.execute(
    db,
  );
  return numAffectedRows >= BATCH;
}

/** What a try means: delivered, tried again later, given up; and for the endpoint, switched off after long failing. */
import { sql } from "kysely";
import { writeAudit } from "../../store/audit.ts";
import type { Scoped } from "../../store/database.ts";
import { retryDelay, type WebhookPolicy } from "./retries.ts";
import type { Sent } from "./send.ts";

const GONE = 410;
/** Tries whose log is kept. */
const KEPT_TRIES = 12;

/** The delivery a try belongs to. */
export interface Tried {
  id: string;
  organization_id: string;
  endpoint_id: string;
  attempts: number;
}

/** Writes a try down, in one transaction with what follows from it. */
export async function recordTry(db: Scoped, tried: Tried, sent: Sent, policy: WebhookPolicy): Promise<void> {
  const isTaken = sent.status !== null && sent.status >= 200 && sent.status < 300;
  const delay = isTaken || sent.status === GONE ? undefined : retryDelay(policy, tried.attempts, Math.random());
  const status = isTaken ? "succeeded" : delay === undefined ? "failed" : "pending";
  const entry = JSON.stringify([{ at: new Date().toISOString(), ...sent }]);
  await sql`UPDATE webhook_deliveries SET status = ${status},
      next_at = now() + make_interval(secs => ${delay ?? 0}),
      ended_at = CASE WHEN ${status} = 'pending' THEN NULL ELSE now() END,
      log = (SELECT jsonb_agg(try ORDER BY place) FROM (
        SELECT try, place FROM jsonb_array_elements(log || ${entry}::jsonb) WITH ORDINALITY AS tries (try, place)
        ORDER BY place DESC LIMIT ${KEPT_TRIES}) kept)
    WHERE id = ${tried.id} AND status = 'pending'`.execute(db);
  const endpoint = await db
    .updateTable("webhook_endpoints")
    .set({ failing_since: isTaken ? null : sql<Date>`COALESCE(failing_since, now())` })
    .where("id", "=", tried.endpoint_id)
    .where("disabled_at", "is", null)
    .returning(["failing_since", "url"])
    .executeTakeFirst();
  if (isTaken || endpoint === undefined) return;
  const failingFor = Date.now() - (endpoint.failing_since?.getTime() ?? Date.now());
  const reason =
    sent.status === GONE
      ? "It answered 410 Gone."
      : failingFor >= policy.disableAfterSeconds * 1000
        ? `It took nothing since ${endpoint.failing_since?.toISOString()}. Last: ${sent.error ?? `status ${sent.status}`}`
        : undefined;
  if (reason !== undefined) await switchOff(db, tried, reason);
}

async function switchOff(db: Scoped, tried: Tried, reason: string): Promise<void> {
  await db
    .updateTable("webhook_endpoints")
    .set({ disabled_at: sql<Date>`now()`, disabled_reason: reason, updated_at: sql<Date>`now()` })
    .where("id", "=", tried.endpoint_id)
    .execute();
  await giveUpPending(db, tried.endpoint_id);
  await writeAudit(db, {
    organizationId: tried.organization_id,
    actor: { kind: "system", id: "webhooks", name: "webhook delivery" },
    origin: "system",
    action: "webhook.disable",
    targetType: "webhook",
    targetId: tried.endpoint_id,
    change: { reason },
  });
}

/** What still waits for an endpoint that is switched off is not sent; it can be sent again by hand. */
export async function giveUpPending(db: Scoped, endpointId: string): Promise<void> {
  await db
    .updateTable("webhook_deliveries")
    .set({ status: "failed", ended_at: sql<Date>`now()` })
    .where("endpoint_id", "=", endpointId)
    .where("status", "=", "pending")
    .execute();
}

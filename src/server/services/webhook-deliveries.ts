/** Deliveries of a webhook: what was sent, and sending again. */
import { type Selectable, sql } from "kysely";
import type { z } from "zod";
import { OnveraError } from "../../domain/errors.ts";
import { newId, parseId } from "../../domain/ids.ts";
import { timestamp, timestampOrNull } from "../../domain/timestamps.ts";
import type { WebhookEvent } from "../../domain/webhook-events.ts";
import type { Scoped } from "../../store/database.ts";
import type { WebhookDeliveriesTable } from "../../store/tables/webhooks.ts";
import { comesAfter, pageAnswer, pagingOf, positionOf } from "../pages.ts";
import type { DeliveryListQuery } from "../schemas/webhooks.ts";
import type { Webhook } from "./webhooks.ts";

type Delivery = Selectable<WebhookDeliveriesTable> & { type: string; body: string };

/** A page of a webhook's deliveries, newest first. */
export async function listDeliveries(db: Scoped, webhook: Webhook, query: z.infer<typeof DeliveryListQuery>) {
  const { status } = query;
  const filters = { list: "webhook_deliveries", webhook: webhook.id, status };
  const { limit, offset, after } = pagingOf(query, filters);
  const rows = await deliveries(db, webhook)
    .$if(status !== undefined, (q) => q.where("delivery.status", "=", status ?? "pending"))
    .select(positionOf("delivery.created_at"))
    .where(comesAfter(after, "delivery.created_at", "delivery.id"))
    .orderBy("delivery.created_at", "desc")
    .orderBy("delivery.id", "desc")
    .limit(limit + 1)
    .offset(offset)
    .execute();
  const { total } = await db
    .selectFrom("webhook_deliveries")
    .select(({ fn }) => fn.countAll<number>().as("total"))
    .where("endpoint_id", "=", webhook.id)
    .$if(status !== undefined, (q) => q.where("status", "=", status ?? "pending"))
    .executeTakeFirstOrThrow();
  return pageAnswer(rows, { request: query, total, filters, view: deliveryView });
}

/** Sends an earlier delivery's message again, under the same message id. @throws OnveraError DELIVERY_NOT_FOUND, RESOURCE_CONFLICT */
export async function redeliver(db: Scoped, webhook: Webhook, deliveryId: string): Promise<Delivery> {
  const earlier = await deliveries(db, webhook)
    .where("delivery.id", "=", parseId("webhookDelivery", deliveryId) ?? "")
    .executeTakeFirst();
  if (!earlier) throw new OnveraError("DELIVERY_NOT_FOUND");
  return enqueue(db, webhook, earlier.message_id);
}

/** Sends a test event to this one webhook. @throws OnveraError RESOURCE_CONFLICT when it is switched off */
export async function sendTest(db: Scoped, webhook: Webhook): Promise<Delivery> {
  const messageId = newId("webhookMessage");
  const type: WebhookEvent = "webhook.test";
  const data = { organization_id: webhook.organization_id, webhook_id: webhook.id };
  await db
    .insertInto("webhook_messages")
    .values({
      id: messageId,
      organization_id: webhook.organization_id,
      type,
      body: JSON.stringify({ type, timestamp: timestamp(new Date()), data }),
    })
    .execute();
  return enqueue(db, webhook, messageId);
}

async function enqueue(db: Scoped, webhook: Webhook, messageId: string): Promise<Delivery> {
  if (webhook.disabled_at !== null) {
    throw new OnveraError("RESOURCE_CONFLICT", { message: "The webhook is switched off. Switch it on first" });
  }
  const id = newId("webhookDelivery");
  await db
    .insertInto("webhook_deliveries")
    .values({ id, organization_id: webhook.organization_id, endpoint_id: webhook.id, message_id: messageId })
    .execute();
  await sql`SELECT pg_notify('onvera_webhook', 'webhook')`.execute(db);
  return deliveries(db, webhook).where("delivery.id", "=", id).executeTakeFirstOrThrow();
}

const deliveries = (db: Scoped, webhook: Webhook) =>
  db
    .selectFrom("webhook_deliveries as delivery")
    .innerJoin("webhook_messages as message", "message.id", "delivery.message_id")
    .selectAll("delivery")
    .select(["message.type", "message.body"])
    .where("delivery.endpoint_id", "=", webhook.id);

/** A delivery with every try. */
export const deliveryView = (row: Delivery) => ({
  id: row.id,
  webhook_id: row.endpoint_id,
  message_id: row.message_id,
  event: row.type,
  status: row.status,
  attempts: row.attempts,
  created_at: timestamp(row.created_at),
  next_attempt_at: row.status === "pending" ? timestamp(row.next_at) : null,
  ended_at: timestampOrNull(row.ended_at),
  body: row.body,
  tries: row.log.map((one) => ({ ...one, at: timestamp(new Date(one.at)) })),
});

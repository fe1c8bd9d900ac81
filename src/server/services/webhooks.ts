/** Webhook endpoints of an organization: made, changed, removed; their secrets are sealed. */
import { type Selectable, sql } from "kysely";
import { seal } from "../../domain/envelope.ts";
import { OnveraError } from "../../domain/errors.ts";
import { newId, parseId } from "../../domain/ids.ts";
import { timestamp, timestampOrNull } from "../../domain/timestamps.ts";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import { webhookSecretPlace } from "../../store/crypto/places.ts";
import type { Scoped } from "../../store/database.ts";
import type { StoredSecret, WebhookEndpointsTable } from "../../store/tables/webhooks.ts";
import { API_BASE } from "../openapi.ts";
import { comesAfter, pageAnswer, pagingOf, positionOf } from "../pages.ts";
import type { PageRequest } from "../schemas/common.ts";
import { giveUpPending } from "../webhooks/outcome.ts";
import { newSecret } from "../webhooks/signature.ts";

export type Webhook = Selectable<WebhookEndpointsTable>;

const MOST = 20;
/** Receivers that know only the secret before have so long to learn the new one. */
const OVERLAP_MILLISECONDS = 24 * 3600 * 1000;

export interface WebhookWish {
  url: string;
  description: string;
  events: readonly string[];
}

/** @throws OnveraError RESOURCE_CONFLICT when the organization has as many as it may */
export async function insertWebhook(
  db: Scoped,
  dataKeys: DataKeys,
  organizationId: string,
  { url, description, events }: WebhookWish,
): Promise<{ row: Webhook; secret: string }> {
  const { count } = await db
    .selectFrom("webhook_endpoints")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("organization_id", "=", organizationId)
    .executeTakeFirstOrThrow();
  if (count >= MOST) {
    throw new OnveraError("RESOURCE_CONFLICT", { message: `An organization has at most ${MOST} webhooks` });
  }
  const id = newId("webhook");
  const secret = newSecret();
  const sealed = await sealedSecret(db, dataKeys, organizationId, id, secret);
  const row = await db
    .insertInto("webhook_endpoints")
    .values({
      id,
      organization_id: organizationId,
      url,
      description,
      events: [...events],
      secrets: JSON.stringify([sealed]),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return { row, secret };
}

/** @throws OnveraError WEBHOOK_NOT_FOUND, for a foreign one too */
export async function findWebhook(db: Scoped, organizationId: string, id: string): Promise<Webhook> {
  const row = await db
    .selectFrom("webhook_endpoints")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("id", "=", parseId("webhook", id) ?? "")
    .executeTakeFirst();
  if (!row) throw new OnveraError("WEBHOOK_NOT_FOUND");
  return row;
}

/** A page, newest first. */
export async function listWebhooks(db: Scoped, organizationId: string, query: PageRequest) {
  const filters = { list: "webhooks" };
  const { limit, offset, after } = pagingOf(query, filters);
  const own = db.selectFrom("webhook_endpoints").where("organization_id", "=", organizationId);
  const rows = await own
    .selectAll()
    .select(positionOf("created_at"))
    .where(comesAfter(after, "created_at", "id"))
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .limit(limit + 1)
    .offset(offset)
    .execute();
  const { total } = await own.select(({ fn }) => fn.countAll<number>().as("total")).executeTakeFirstOrThrow();
  return pageAnswer(rows, { request: query, total, filters, view: webhookView });
}

/** Changes what is given. Switching it on forgets that it failed; switching it off gives up what waits. */
export async function changeWebhook(
  db: Scoped,
  row: Webhook,
  { enabled, events, ...plain }: Partial<WebhookWish> & { enabled?: boolean | undefined },
): Promise<Webhook> {
  if (enabled === false) await giveUpPending(db, row.id);
  return db
    .updateTable("webhook_endpoints")
    .set({
      ...plain,
      ...(events && { events: [...events] }),
      ...(enabled === true && { disabled_at: null, disabled_reason: null, failing_since: null }),
      ...(enabled === false && { disabled_at: new Date(), disabled_reason: "Switched off by hand." }),
      updated_at: sql<Date>`now()`,
    })
    .where("id", "=", row.id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function removeWebhook(db: Scoped, row: Webhook): Promise<void> {
  await db.deleteFrom("webhook_endpoints").where("id", "=", row.id).execute();
}

/** Makes a new secret; the newest of before is good for a day more. */
export async function rotateSecret(
  db: Scoped,
  dataKeys: DataKeys,
  row: Webhook,
): Promise<{ row: Webhook; secret: string }> {
  const secret = newSecret();
  const sealed = await sealedSecret(db, dataKeys, row.organization_id, row.id, secret);
  const until = new Date(Date.now() + OVERLAP_MILLISECONDS).toISOString();
  const [before] = row.secrets;
  const secrets = JSON.stringify([sealed, ...(before ? [{ ...before, until }] : [])]);
  const changed = await db
    .updateTable("webhook_endpoints")
    .set({ secrets, updated_at: sql<Date>`now()` })
    .where("id", "=", row.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return { row: changed, secret };
}

async function sealedSecret(
  db: Scoped,
  dataKeys: DataKeys,
  organizationId: string,
  id: string,
  secret: string,
): Promise<StoredSecret> {
  return { sealed: seal(await dataKeys.current(db, organizationId), secret, webhookSecretPlace(id)), until: null };
}

/** A webhook as everybody who may see it sees it: without its secrets. */
export const webhookView = (row: Webhook) => ({
  id: row.id,
  url: row.url,
  description: row.description,
  events: row.events,
  enabled: row.disabled_at === null,
  disabled_reason: row.disabled_reason,
  failing_since: timestampOrNull(row.failing_since),
  created_at: timestamp(row.created_at),
  updated_at: timestamp(row.updated_at),
  links: { self: `${API_BASE}/webhooks/${row.id}`, deliveries: `${API_BASE}/webhooks/${row.id}/deliveries` },
});

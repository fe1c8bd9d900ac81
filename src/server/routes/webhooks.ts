/** Handlers of webhooks. */
import type { Context } from "hono";
import { OnveraError } from "../../domain/errors.ts";
import type { Scoped } from "../../store/database.ts";
import { organizationOf, type ServerEnv } from "../caller.ts";
import * as contracts from "../contracts/webhooks.ts";
import type { ServerDeps } from "../deps.ts";
import { urlFault } from "../outbound/guarded-request.ts";
import { deliveryView, listDeliveries, redeliver, sendTest } from "../services/webhook-deliveries.ts";
import {
  changeWebhook,
  findWebhook,
  insertWebhook,
  listWebhooks,
  removeWebhook,
  rotateSecret,
  type Webhook,
  webhookView,
} from "../services/webhooks.ts";
import { answerOnce, audit, transact } from "../transact.ts";
import { newApi } from "./api.ts";

export const webhookRoutes = (deps: ServerDeps) => {
  const refuseUnfit = (url: string | undefined) => {
    const fault = url === undefined ? undefined : urlFault(url, deps.webhooks);
    if (fault === undefined) return;
    throw new OnveraError("VALIDATION_ERROR", {
      message: `/url: ${fault}`,
      fields: [{ pointer: "/url", message: fault }],
    });
  };
  const found = (c: Context<ServerEnv>, id: string, work: (db: Scoped, row: Webhook) => Promise<Webhook>) => {
    const organizationId = organizationOf(c.get("caller"));
    return transact(deps, organizationId, async (db) => work(db, await findWebhook(db, organizationId, id)));
  };
  const note = (db: Scoped, c: Context<ServerEnv>, action: string, row: Webhook, change?: Record<string, unknown>) =>
    audit(db, c, {
      organizationId: row.organization_id,
      action: `webhook.${action}`,
      targetType: "webhook",
      targetId: row.id,
      ...(change && { change }),
    });

  return newApi()
    .openapi(contracts.createWebhook, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const { url, description = "", events = [] } = c.req.valid("json");
      refuseUnfit(url);
      const body = await answerOnce(deps, c, organizationId, async (db) => {
        const { row, secret } = await insertWebhook(db, deps.dataKeys, organizationId, { url, description, events });
        await note(db, c, "create", row, { url, events });
        return { data: { ...webhookView(row), secret } };
      });
      c.header("Location", body.data.links.self);
      return c.json(body, 201);
    })

    .openapi(contracts.listWebhooks, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const query = c.req.valid("query");
      const page = await transact(deps, organizationId, (db) => listWebhooks(db, organizationId, query));
      return c.json({ data: page }, 200);
    })

    .openapi(contracts.getWebhook, async (c) => {
      const row = await found(c, c.req.valid("param").webhook_id, async (_db, one) => one);
      return c.json({ data: webhookView(row) }, 200);
    })

    .openapi(contracts.updateWebhook, async (c) => {
      const wanted = c.req.valid("json");
      refuseUnfit(wanted.url);
      const row = await found(c, c.req.valid("param").webhook_id, async (db, before) => {
        const after = await changeWebhook(db, before, wanted);
        await note(db, c, "update", after, wanted);
        return after;
      });
      return c.json({ data: webhookView(row) }, 200);
    })

    .openapi(contracts.deleteWebhook, async (c) => {
      const row = await found(c, c.req.valid("param").webhook_id, async (db, one) => {
        await removeWebhook(db, one);
        await note(db, c, "delete", one, { url: one.url });
        return one;
      });
      return c.json({ data: webhookView(row) }, 200);
    })

    .openapi(contracts.rotateWebhookSecret, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const id = c.req.valid("param").webhook_id;
      const body = await answerOnce(deps, c, organizationId, async (db) => {
        const { row, secret } = await rotateSecret(db, deps.dataKeys, await findWebhook(db, organizationId, id));
        await note(db, c, "rotate_secret", row);
        return { data: { ...webhookView(row), secret } };
      });
      return c.json(body, 200);
    })

    .openapi(contracts.testWebhook, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const id = c.req.valid("param").webhook_id;
      const body = await answerOnce(deps, c, organizationId, async (db) => {
        const webhook = await findWebhook(db, organizationId, id);
        await note(db, c, "test", webhook);
        return { data: deliveryView(await sendTest(db, webhook)) };
      });
      return c.json(body, 202);
    })

    .openapi(contracts.listWebhookDeliveries, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const query = c.req.valid("query");
      const id = c.req.valid("param").webhook_id;
      const page = await transact(deps, organizationId, async (db) =>
        listDeliveries(db, await findWebhook(db, organizationId, id), query),
      );
      return c.json({ data: page }, 200);
    })

    .openapi(contracts.redeliverWebhook, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const { webhook_id: id, delivery_id: deliveryId } = c.req.valid("param");
      const body = await answerOnce(deps, c, organizationId, async (db) => {
        const webhook = await findWebhook(db, organizationId, id);
        await note(db, c, "redeliver", webhook, { delivery_id: deliveryId });
        return { data: deliveryView(await redeliver(db, webhook, deliveryId)) };
      });
      return c.json(body, 202);
    });
};

import { z } from "@hono/zod-openapi";
import { webhookEvents } from "../../domain/webhook-events.ts";
import { Link, pageQuery, Timestamp } from "./common.ts";

const Url = z
  .string()
  .min(1)
  .max(2000)
  .meta({
    description: "https, and a host outside of private networks.",
    examples: ["https://hooks.example.com/onvera"],
  });
export const Description = z.string().max(200);
const Events = z
  .array(z.enum(webhookEvents))
  .max(webhookEvents.length)
  .meta({ description: "Which events it is told of; all of them when empty." });

export const CreateWebhook = z.strictObject({
  url: Url,
  description: Description.optional(),
  events: Events.optional(),
});

export const UpdateWebhook = z.strictObject({
  url: Url.optional(),
  description: Description.optional(),
  events: Events.optional(),
  enabled: z
    .boolean()
    .optional()
    .meta({ description: "true also takes one back that was switched off after failing." }),
});

const webhookFields = {
  id: z.string(),
  url: z.string(),
  description: z.string(),
  events: z.array(z.string()),
  enabled: z.boolean(),
  disabled_reason: z.string().nullable(),
  failing_since: Timestamp.nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
  links: z.object({ self: Link, deliveries: Link }),
};

export const WebhookView = z.object(webhookFields).meta({ id: "Webhook" });

export const WebhookWithSecret = z
  .object({
    ...webhookFields,
    secret: z.string().meta({ description: "Signs what is sent. Shown this once." }),
  })
  .meta({ id: "WebhookWithSecret" });

export const DeliveryView = z
  .object({
    id: z.string(),
    webhook_id: z.string(),
    message_id: z.string().meta({ description: "Sent as `webhook-id`; the same at every try." }),
    event: z.string(),
    status: z.enum(["pending", "succeeded", "failed"]),
    attempts: z.int(),
    created_at: Timestamp,
    next_attempt_at: Timestamp.nullable(),
    ended_at: Timestamp.nullable(),
    body: z.string(),
    tries: z.array(
      z.object({
        at: Timestamp,
        status: z.int().nullable().meta({ description: "Of HTTP; null where no answer came." }),
        error: z.string().nullable(),
        response: z.string().meta({ description: "The first kilobyte of the answer." }),
        milliseconds: z.int(),
      }),
    ),
  })
  .meta({ id: "WebhookDelivery" });

export const DeliveryListQuery = z.strictObject({
  ...pageQuery,
  status: z.enum(["pending", "succeeded", "failed"]).optional(),
});

/** Webhooks as declared. */
import { z } from "@hono/zod-openapi";
import { envelope, pageOf, pageQuery } from "../schemas/common.ts";
import {
  CreateWebhook,
  DeliveryListQuery,
  DeliveryView,
  UpdateWebhook,
  WebhookView,
  WebhookWithSecret,
} from "../schemas/webhooks.ts";
import { declare, idParam, jsonAnswer, jsonBody, postHeaders, problems } from "./declare.ts";

const tags = ["Webhooks"];
const params = idParam("webhook_id", "whe_01931f4b-7a0c-7000-8000-000000000000");
const deliveryParams = params.extend({ delivery_id: z.string().min(1).max(100) });

export const createWebhook = declare("webhooks.write", {
  method: "post",
  path: "/webhooks",
  operationId: "createWebhook",
  tags,
  summary: "Have events sent to an address",
  request: { headers: postHeaders, body: jsonBody(CreateWebhook) },
  responses: {
    201: jsonAnswer("The webhook with its secret, shown this once.", envelope(WebhookWithSecret)),
    ...problems(409, 413, 415, 422),
  },
});

export const listWebhooks = declare("webhooks.read", {
  method: "get",
  path: "/webhooks",
  operationId: "listWebhooks",
  tags,
  summary: "List webhooks",
  request: { query: z.strictObject(pageQuery) },
  responses: { 200: jsonAnswer("A page of webhooks, newest first.", pageOf(WebhookView)), ...problems() },
});

export const getWebhook = declare("webhooks.read", {
  method: "get",
  path: "/webhooks/{webhook_id}",
  operationId: "getWebhook",
  tags,
  summary: "Get a webhook",
  request: { params },
  responses: { 200: jsonAnswer("The webhook, without its secret.", envelope(WebhookView)), ...problems(404) },
});

export const updateWebhook = declare("webhooks.write", {
  method: "patch",
  path: "/webhooks/{webhook_id}",
  operationId: "updateWebhook",
  tags,
  summary: "Change a webhook, or switch it off and on",
  request: { params, body: jsonBody(UpdateWebhook) },
  responses: { 200: jsonAnswer("The webhook.", envelope(WebhookView)), ...problems(404, 413, 415) },
});

export const deleteWebhook = declare("webhooks.write", {
  method: "delete",
  path: "/webhooks/{webhook_id}",
  operationId: "deleteWebhook",
  tags,
  summary: "Delete a webhook and its deliveries",
  request: { params },
  responses: { 200: jsonAnswer("The webhook as it was.", envelope(WebhookView)), ...problems(404) },
});

export const rotateWebhookSecret = declare("webhooks.write", {
  method: "post",
  path: "/webhooks/{webhook_id}/rotate-secret",
  operationId: "rotateWebhookSecret",
  tags,
  summary: "Make a new secret; the one before stays good for a day",
  request: { params, headers: postHeaders },
  responses: {
    200: jsonAnswer("The webhook with its new secret, shown this once.", envelope(WebhookWithSecret)),
    ...problems(404, 422),
  },
});

export const testWebhook = declare("webhooks.write", {
  method: "post",
  path: "/webhooks/{webhook_id}/test",
  operationId: "testWebhook",
  tags,
  summary: "Send a test event to this webhook",
  request: { params, headers: postHeaders },
  responses: { 202: jsonAnswer("Its delivery.", envelope(DeliveryView)), ...problems(404, 409, 422) },
});

export const listWebhookDeliveries = declare("webhooks.read", {
  method: "get",
  path: "/webhooks/{webhook_id}/deliveries",
  operationId: "listWebhookDeliveries",
  tags,
  summary: "What was sent, with every try and its answer",
  request: { params, query: DeliveryListQuery },
  responses: { 200: jsonAnswer("A page of deliveries, newest first.", pageOf(DeliveryView)), ...problems(404) },
});

export const redeliverWebhook = declare("webhooks.write", {
  method: "post",
  path: "/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver",
  operationId: "redeliverWebhook",
  tags,
  summary: "Send a delivery's message again",
  request: { params: deliveryParams, headers: postHeaders },
  responses: { 202: jsonAnswer("The new delivery.", envelope(DeliveryView)), ...problems(404, 409, 422) },
});

/** What webhooks tell of: one table for the database's triggers, the API and its documentation. */

/** `operation.…` for every end of an operation, by its status; the rest as it is called. */
export const webhookEvents = [
  "operation.succeeded",
  "operation.failed",
  "operation.canceled",
  "deployment.health_changed",
  "webhook.test",
] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

/** Secrets are written with it in front (Standard Webhooks); the rest is base64. */
export const SECRET_PREFIX = "whsec_";

/** Webhooks, their messages and the tries to deliver them. */
import type { Generated } from "kysely";
import type { SealedValue } from "../../domain/envelope.ts";
import type { Json, NullableTimestamp, RequiredJson, Timestamp } from "./columns.ts";

/** A webhook's secret; `until` is set on one that a newer one has replaced, ISO 8601. */
export interface StoredSecret {
  sealed: SealedValue;
  until: string | null;
}

export interface WebhookEndpointsTable {
  id: string;
  organization_id: string;
  url: string;
  description: string;
  events: string[];
  secrets: RequiredJson<StoredSecret[]>;
  failing_since: NullableTimestamp;
  disabled_at: NullableTimestamp;
  disabled_reason: string | null;
  created_at: Timestamp;
  updated_at: Timestamp;
}

export interface WebhookMessagesTable {
  id: string;
  organization_id: string;
  type: string;
  body: string;
  created_at: Timestamp;
}

export interface WebhookTry {
  at: string;
  status: number | null;
  error: string | null;
  response: string;
  milliseconds: number;
}

export interface WebhookDeliveriesTable {
  id: string;
  organization_id: string;
  endpoint_id: string;
  message_id: string;
  status: Generated<"pending" | "succeeded" | "failed">;
  attempts: Generated<number>;
  next_at: Timestamp;
  log: Json<WebhookTry[]>;
  created_at: Timestamp;
  ended_at: NullableTimestamp;
}

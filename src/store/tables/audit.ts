/** Who did what. */
import type { ColumnType, Generated } from "kysely";
import type { NullableJson, RequiredJson, Timestamp } from "./columns.ts";

export interface Actor {
  kind: "user" | "api_key" | "service_account" | "system";
  id: string;
  name: string;
}

export interface AuditEventsTable {
  seq: Generated<number>;
  organization_id: string | null;
  at: Timestamp;
  actor: RequiredJson<Actor>;
  origin: string;
  request_id: string | null;
  action: string;
  target_type: string | null;
  target_id: string | null;
  change: NullableJson<Record<string, unknown>>;
  outcome: Generated<string>;
  /** Place in its chain, from 1, and the hash over it and the event before; made by the database at commit. */
  position: ColumnType<number | null, never, never>;
  hash: ColumnType<Buffer | null, never, never>;
}

/** The newest link of an organization's chain of audit events; '' is the installation's. */
export interface AuditChainsTable {
  organization_id: string;
  position: ColumnType<number, never, never>;
  hash: ColumnType<Buffer, never, never>;
}

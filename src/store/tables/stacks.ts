/** What is known of a stack beside its state: its fence, its past, what was made and what a destroy left. */
import type { Generated } from "kysely";
import type { BigInteger, NullableJson, NullableTimestamp, RequiredJson, Timestamp } from "./columns.ts";

export interface StackFencesTable {
  stack_name: string;
  generation: BigInteger;
  operation_id: string | null;
  updated_at: Timestamp;
}

/** A stack's state as it was written; made by a trigger, `data` is null where the state was removed. */
export interface StateVersionsTable {
  version: Generated<number>;
  stack_name: string;
  generation: BigInteger;
  written_at: Timestamp;
  bytes: number;
  sha256: string | null;
  data: NullableJson<{ data: string }>;
}

export interface CreateIntentsTable {
  stack_name: string;
  urn: string;
  type: string;
  physical_name: string;
  operation_id: string;
  generation: BigInteger;
  created_at: Timestamp;
  settled_at: NullableTimestamp;
}

export interface DeploymentResourcesTable {
  deployment_id: string;
  organization_id: string;
  urn: string;
  type: string;
  physical_id: string;
  phase: string | null;
  parent_urn: string | null;
  /** URNs. */
  dependencies: Generated<string[]>;
  first_seen_at: Timestamp;
  last_seen_at: Timestamp;
  deleted_at: NullableTimestamp;
}

export interface ReceiptItem {
  /** Empty for what no record names. */
  urn: string;
  type: string;
  physical_id: string;
  found: "absent" | "present" | "unknown" | "retained";
  looked_up_by: string;
  detail: string;
  /** `record` when left out, as in receipts of older versions. */
  listed_by?: "record" | "owner_mark";
  /** ISO 8601; the receipt's own time when left out. */
  looked_up_at?: string;
}

export interface DestroyReceiptsTable {
  deployment_id: string;
  organization_id: string;
  operation_id: string;
  items: RequiredJson<ReceiptItem[]>;
  written_at: Timestamp;
}

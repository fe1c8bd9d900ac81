/** Operations, their records, and who works on them. */
import type { Generated, Selectable } from "kysely";
import type { OperationError, OperationSlot, OperationStatus } from "../../domain/operation.ts";
import type { Actor } from "./audit.ts";
import type { BigInteger, Json, NullableJson, NullableTimestamp, RequiredJson, Timestamp } from "./columns.ts";

export interface WorkersTable {
  id: string;
  node: string;
  host: string;
  pid: number;
  capabilities: string[];
  slots: number;
  version: string;
  started_at: Timestamp;
  heartbeat_at: Timestamp;
  draining_since: NullableTimestamp;
  stopped_at: NullableTimestamp;
  /** The newest format of spec and input it understands (`SPEC_FORMAT` of its version). */
  spec_format: Generated<number>;
  operation_types: Generated<string[]>;
  /** An operator asked it to take nothing more. */
  drain_requested_at: NullableTimestamp;
}

/** The engine process of a running operation, enough to prove it is gone. */
export interface ProcessRecord {
  host: string;
  pid: number;
  processGroup: number;
  startTime: string;
  /** The process whose provider calls it makes, which may outlive it. */
  provider?: { pid: number; startTime: string };
}

export interface OperationsTable {
  id: string;
  organization_id: string;
  type: string;
  slot: OperationSlot;
  resource_type: string;
  resource_id: string;
  status: Generated<OperationStatus>;
  step: string | null;
  phase: Generated<string>;
  message: Generated<string>;
  input: Json<Record<string, unknown>>;
  result: NullableJson<Record<string, unknown>>;
  error: NullableJson<OperationError>;
  capability: string;
  attempt: Generated<number>;
  not_before: Timestamp;
  lease_owner: string | null;
  lease_generation: BigInteger;
  lease_until: NullableTimestamp;
  process: NullableJson<ProcessRecord>;
  irreversible_at: NullableTimestamp;
  cancel_requested_at: NullableTimestamp;
  requested_by: RequiredJson<Actor>;
  origin: string;
  request_id: string | null;
  requested_at: Timestamp;
  started_at: NullableTimestamp;
  ended_at: NullableTimestamp;
  next_event_seq: BigInteger;
  /** W3C trace context of the request; the database takes it from the transaction. */
  traceparent: Generated<string | null>;
  /** The format of spec and input a worker must understand. */
  spec_format: Generated<number>;
}

export interface OperationEventsTable {
  operation_id: string;
  seq: BigInteger;
  organization_id: string;
  at: Timestamp;
  type: string;
  data: RequiredJson<Record<string, unknown>>;
}

export interface IdempotencyKeysTable {
  organization_id: string;
  caller: string;
  route: string;
  key: string;
  fingerprint: Buffer;
  status: number | null;
  body: NullableJson<unknown>;
  headers: NullableJson<Record<string, string>>;
  created_at: Timestamp;
}

export type Operation = Selectable<OperationsTable>;

/** Keys and secrets in custody. */
import type { SealedValue } from "../../domain/envelope.ts";
import type { NullableTimestamp, RequiredJson, Timestamp } from "./columns.ts";

export interface DataKeysTable {
  id: string;
  organization_id: string | null;
  master_key_id: string;
  wrapped: RequiredJson<SealedValue>;
  created_at: Timestamp;
  retired_at: NullableTimestamp;
}

export interface CustodySecretsTable {
  owner_id: string;
  organization_id: string;
  name: string;
  version: number;
  sealed: RequiredJson<SealedValue>;
  created_at: Timestamp;
  retired_at: NullableTimestamp;
}

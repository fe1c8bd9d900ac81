/** People and service accounts, where they belong, who was invited. */
import type { ColumnType, Generated } from "kysely";
import type { SealedValue } from "../../domain/envelope.ts";
import type { NullableJson, NullableTimestamp, Timestamp } from "./columns.ts";

export interface UsersTable {
  id: string;
  email: string;
  name: string;
  password_hash: string | null;
  is_platform_operator: Generated<boolean>;
  disabled_at: NullableTimestamp;
  created_at: Timestamp;
  /** Told by the id (`sva_…`); the database computes it. */
  is_service_account: ColumnType<boolean, never, never>;
}

/** What a service account has beside its row among the people, which holds its name. */
export interface ServiceAccountsTable {
  id: string;
  organization_id: string;
  description: string;
  created_by: string;
  created_at: Timestamp;
  deleted_at: NullableTimestamp;
}

export interface MembershipsTable {
  organization_id: string;
  user_id: string;
  role: "owner" | "admin" | "developer" | "viewer";
  created_at: Timestamp;
}

export interface ProjectRolesTable {
  organization_id: string;
  project_id: string;
  user_id: string;
  role: "admin" | "developer" | "viewer";
  created_at: Timestamp;
}

export interface InvitationsTable {
  id: string;
  organization_id: string;
  email: string;
  role: MembershipsTable["role"];
  token_hash: Buffer;
  invited_by: string;
  created_at: Timestamp;
  expires_at: ColumnType<Date, Date | string, Date | string>;
  accepted_at: NullableTimestamp;
  accepted_by: string | null;
  revoked_at: NullableTimestamp;
}

/** A mail that waits to be sent, or what became of it. */
export interface MailsTable {
  id: string;
  organization_id: string;
  invitation_id: string;
  recipient: string;
  sealed: NullableJson<SealedValue>;
  status: Generated<"pending" | "sent" | "failed">;
  attempts: Generated<number>;
  next_at: Timestamp;
  error: string | null;
  created_at: Timestamp;
  ended_at: NullableTimestamp;
}

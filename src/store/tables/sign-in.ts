/** How somebody proves who they are: keys, sessions, identity providers, and the provider for the apps. */
import type { Generated } from "kysely";
import type { SealedValue } from "../../domain/envelope.ts";
import type { GroupRole } from "../../domain/group-roles.ts";
import type { ProjectRole } from "../../domain/membership.ts";
import type { NullableJson, NullableTimestamp, RequiredJson, Timestamp } from "./columns.ts";

export interface ApiKeysTable {
  id: string;
  organization_id: string;
  user_id: string;
  name: string;
  hash: Buffer;
  hint: string;
  scopes: string[];
  expires_at: NullableTimestamp;
  revoked_at: NullableTimestamp;
  last_used_at: NullableTimestamp;
  created_at: Timestamp;
  /** The key that a rotation put in its place. */
  replaced_by: string | null;
}

/** A sign-in of the command line that a person lets in, or not, by the dashboard. */
export interface CliLoginsTable {
  id: string;
  /** Shown by both, for the person to compare. */
  code: string;
  client: string;
  secret_hash: Buffer;
  created_at: Timestamp;
  expires_at: Date;
  status: Generated<"pending" | "approved" | "denied" | "used">;
  user_id: Generated<string | null>;
  organization_id: Generated<string | null>;
  scopes: Generated<string[] | null>;
}

export interface SessionsTable {
  id: string;
  user_id: string;
  organization_id: string | null;
  refresh_hash: Buffer;
  previous_refresh_hash: Buffer | null;
  user_agent: string | null;
  created_at: Timestamp;
  refreshed_at: Timestamp;
  expires_at: Timestamp;
  revoked_at: NullableTimestamp;
  /** The organization whose provider opened it, and the only one it is good in; null for a password's. */
  confined_to: Generated<string | null>;
}

/** An organization's own identity provider. */
export interface IdentityProvidersTable {
  organization_id: string;
  version: string;
  issuer: string;
  client_id: string;
  sealed_secret: NullableJson<SealedValue>;
  scopes: string[];
  group_claim: string;
  group_roles: RequiredJson<GroupRole[]>;
  default_role: ProjectRole | null;
  just_in_time: boolean;
  sso_only: boolean;
  updated_at: Timestamp;
}

export interface ProviderIdentitiesTable {
  organization_id: string;
  issuer: string;
  subject: string;
  user_id: string;
  created_at: Timestamp;
}

/** A sign-in that a browser began and has not come back from; `id` is the hash of the browser's secret. */
export interface ProviderSignInsTable {
  id: Buffer;
  organization_id: string;
  provider_version: string;
  redirect_uri: string;
  expires_at: Date;
}

export interface SigningKeysTable {
  kid: string;
  algorithm: string;
  public_jwk: RequiredJson<Record<string, unknown>>;
  sealed_private: RequiredJson<SealedValue>;
  created_at: Timestamp;
  retired_at: NullableTimestamp;
}

/** What the OpenID provider remembers for minutes: sign-ins under way, codes, tokens. */
export interface ProviderRecordsTable {
  /** SHA-256 over kind and identifier: the identifier itself may be a token. */
  id: string;
  kind: string;
  sealed: RequiredJson<SealedValue>;
  uid: string | null;
  grant_id: string | null;
  consumed_at: NullableTimestamp;
  created_at: Timestamp;
  expires_at: Date;
}

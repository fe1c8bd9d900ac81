/** What belongs to an installation and its organizations as a whole. */
import type { JSONColumnType } from "kysely";
import type { NullableTimestamp, Timestamp } from "./columns.ts";

export interface InstallationTable {
  key: string;
  value: JSONColumnType<Record<string, unknown>>;
  updated_at: Timestamp;
}

export interface OrganizationsTable {
  id: string;
  name: string;
  slug: string;
  created_at: Timestamp;
}

/** Whose turn it is, and how much may be under way; null is the installation's default. */
export interface OrganizationQueuesTable {
  organization_id: string;
  claimed_at: NullableTimestamp;
  running_limit: number | null;
  queued_limit: number | null;
}

export interface ProjectsTable {
  id: string;
  organization_id: string;
  name: string;
  slug: string;
  created_at: Timestamp;
}

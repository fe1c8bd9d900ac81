/** Whom Onvera carries into the apps. */
import type { Generated } from "kysely";
import type { BigInteger, NullableTimestamp, Timestamp } from "./columns.ts";

/** When the people of a deployment's app are to be looked at again, and what the last look came to. */
export interface AccessSyncsTable {
  deployment_id: string;
  organization_id: string;
  /** Rises with each change of who may be in. */
  wanted_version: BigInteger;
  /** What the last good sync began with. */
  synced_version: BigInteger;
  due_at: Timestamp;
  /** In a row. */
  failures: Generated<number>;
  error_code: string | null;
  error_message: string | null;
  checked_at: NullableTimestamp;
  closed_at: NullableTimestamp;
}

/** Somebody whom Onvera put into an app, as they were last seen there. */
export interface AppPeopleTable {
  deployment_id: string;
  organization_id: string;
  username: string;
  /** The app's own; null once they may not enter any more. */
  role: string | null;
  since: Timestamp;
  error: string | null;
  error_at: NullableTimestamp;
}

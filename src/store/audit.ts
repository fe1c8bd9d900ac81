/** The audit log's one way in: a line written in the same transaction as the change it tells of. */
import { sql } from "kysely";
import type { Scoped } from "./database.ts";
import type { Actor } from "./tables/audit.ts";

export interface AuditEntry {
  /** null for what concerns the installation; such a line needs a platform transaction. */
  organizationId: string | null;
  actor: Actor;
  origin: string;
  requestId?: string | undefined;
  /** `deployment.create`, `api_key.revoke`, `auth.login`, … */
  action: string;
  targetType?: string | undefined;
  targetId?: string | undefined;
  /** What changed, without secrets. */
  change?: Record<string, unknown> | undefined;
  /** `done` when left out. */
  outcome?: "accepted" | "done" | "refused" | "failed" | undefined;
}

/** Appends one line; the database refuses to change or remove it afterwards. */
export async function writeAudit(db: Scoped, entry: AuditEntry): Promise<void> {
  await auditInsert(entry).execute(db);
}

/** The statement that appends one line; with a FROM behind it, as part of a larger one, a line for each row there. */
export const auditInsert = (entry: AuditEntry) => sql`
  INSERT INTO audit_events (organization_id, actor, origin, request_id, action, target_type, target_id, change, outcome)
  SELECT ${entry.organizationId}, ${JSON.stringify(entry.actor)}::jsonb, ${entry.origin}, ${entry.requestId ?? null},
    ${entry.action}, ${entry.targetType ?? null}, ${entry.targetId ?? null},
    ${entry.change === undefined ? null : JSON.stringify(entry.change)}::jsonb, ${entry.outcome ?? "done"}`;

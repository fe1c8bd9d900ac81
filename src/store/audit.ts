/** The audit log's one way in: a line written in the same transaction as the change it tells of. */
import type { Scoped } from "./database.ts";
import type { Actor } from "./schema.ts";

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
  await db
    .insertInto("audit_events")
    .values({
      organization_id: entry.organizationId,
      actor: JSON.stringify(entry.actor),
      origin: entry.origin,
      request_id: entry.requestId ?? null,
      action: entry.action,
      target_type: entry.targetType ?? null,
      target_id: entry.targetId ?? null,
      change: entry.change === undefined ? null : JSON.stringify(entry.change),
      outcome: entry.outcome ?? "done",
    })
    .execute();
}

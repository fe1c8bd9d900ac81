/** Reads the audit log, newest first. */

import { type Selectable, type SqlBool, sql } from "kysely";
import type { z } from "zod";
import { OnveraError } from "../../domain/errors.ts";
import { timestamp } from "../../domain/timestamps.ts";
import type { Scoped } from "../../store/database.ts";
import type { AuditEventsTable } from "../../store/tables/audit.ts";
import { totalOf } from "../list-totals.ts";
import { pageAnswer, pagingOf } from "../pages.ts";
import type { AuditListQuery } from "../schemas/audit.ts";

type ListQuery = z.infer<typeof AuditListQuery>;
export type AuditFilters = Pick<ListQuery, "from" | "to" | "actor_id" | "action" | "target_id">;

/** @throws OnveraError INVALID_REQUEST when no event can lie between `from` and `to` */
export function refuseEmptySpan({ from, to }: AuditFilters): void {
  if (from && to && new Date(from) > new Date(to)) {
    throw new OnveraError("INVALID_REQUEST", {
      message: "from lies after to",
      fields: [{ pointer: "?from", message: "It lies after `to`." }],
    });
  }
}

/** The query of an organization's events that pass the filters. */
export function matchingAudit(
  db: Scoped,
  organizationId: string,
  { from, to, actor_id: actorId, action, target_id: targetId }: AuditFilters,
) {
  return db
    .selectFrom("audit_events")
    .where("organization_id", "=", organizationId)
    .$if(from !== undefined, (q) => q.where("at", ">=", new Date(from ?? 0)))
    .$if(to !== undefined, (q) => q.where("at", "<=", new Date(to ?? 0)))
    .$if(actorId !== undefined, (q) => q.where(sql<SqlBool>`actor ->> 'id' = ${actorId ?? ""}`))
    .$if(action !== undefined, (q) => q.where("action", "=", action ?? ""))
    .$if(targetId !== undefined, (q) => q.where("target_id", "=", targetId ?? ""));
}

/** A page of an organization's audit events. @throws OnveraError INVALID_REQUEST when the span is empty */
export async function listAudit(db: Scoped, organizationId: string, query: ListQuery) {
  refuseEmptySpan(query);
  const { from, to, actor_id: actorId, action, target_id: targetId } = query;
  const filters = { list: "audit", from, to, actorId, action, targetId };
  const { limit, offset, after } = pagingOf(query, filters);
  const matching = matchingAudit(db, organizationId, query);
  const rows = await matching
    .selectAll()
    .select([sql<string>`seq::text`.as("cursor"), sql<string>`seq::text`.as("id")])
    .$if(after !== undefined, (q) => q.where("seq", "<", Number(after?.id)))
    .orderBy("seq", "desc")
    .limit(limit + 1)
    .offset(offset)
    .execute();
  const total = await totalOf(db, [organizationId, filters], matching.select("seq"));
  return pageAnswer(
    rows.map((row) => ({ id: row.id, position: row.cursor, row })),
    { request: query, total, filters, view: ({ row }) => auditEventView(row) },
  );
}

/** An event as callers see it. */
export const auditEventView = (row: Selectable<AuditEventsTable>) => ({
  id: row.seq,
  at: timestamp(row.at),
  actor: row.actor,
  origin: row.origin,
  action: row.action,
  target_type: row.target_type,
  target_id: row.target_id,
  change: row.change,
  outcome: row.outcome,
  request_id: row.request_id,
  position: row.position,
  hash: row.hash?.toString("hex") ?? null,
});

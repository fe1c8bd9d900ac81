/** The audit log as lines of a file. */
import { sql } from "kysely";
import type { Scoped } from "../../store/database.ts";
import { type AuditFilters, auditEventView, matchingAudit } from "./audit-log.ts";

export type ExportFormat = "jsonl" | "csv";

const PAGE = 1000;

const columns = {
  id: ({ id }) => id,
  at: ({ at }) => at,
  actor_kind: ({ actor }) => actor.kind,
  actor_id: ({ actor }) => actor.id,
  actor_name: ({ actor }) => actor.name,
  origin: ({ origin }) => origin,
  action: ({ action }) => action,
  target_type: ({ target_type: type }) => type,
  target_id: ({ target_id: id }) => id,
  change: ({ change }) => (change === null ? null : JSON.stringify(change)),
  outcome: ({ outcome }) => outcome,
  request_id: ({ request_id: id }) => id,
  position: ({ position }) => position,
  hash: ({ hash }) => hash,
} satisfies Record<string, (event: ReturnType<typeof auditEventView>) => string | number | null>;

/** A line of CSV (RFC 4180). A spreadsheet must not take what somebody named a thing for a formula. */
export const csvLine = (cells: readonly (string | number | null)[]): string =>
  `${cells
    .map((cell) => String(cell ?? ""))
    .map((text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text))
    .map((text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text))
    .join(",")}\r\n`;

/**
 * An organization's events as lines, oldest first, page by page; what is written meanwhile is not among them.
 * In JSON lines `hashed` is the text that `hash` was made of, so that a file can be checked without us.
 * @param transact gives each page a transaction of its own
 */
export async function* exportLines(
  transact: <T>(work: (db: Scoped) => Promise<T>) => Promise<T>,
  { organizationId, filters, format }: { organizationId: string; filters: AuditFilters; format: ExportFormat },
): AsyncGenerator<string> {
  if (format === "csv") yield csvLine(Object.keys(columns));
  const end = await transact(async (db) => {
    const { newest } = await db
      .selectFrom("audit_events")
      .select(({ fn }) => fn.max<number | null>("seq").as("newest"))
      .where("organization_id", "=", organizationId)
      .executeTakeFirstOrThrow();
    return newest ?? 0;
  });
  for (let after = 0; ; ) {
    const rows = await transact((db) =>
      matchingAudit(db, organizationId, filters)
        .selectAll()
        .select(sql<string>`audit_text(audit_events, position)`.as("hashed"))
        .where("seq", ">", after)
        .where("seq", "<=", end)
        .orderBy("seq")
        .limit(PAGE)
        .execute(),
    );
    for (const { hashed, ...row } of rows) {
      const event = auditEventView(row);
      if (format === "csv") yield csvLine(Object.values(columns).map((value) => value(event)));
      else yield `${JSON.stringify({ ...event, hashed })}\n`;
    }
    const last = rows.at(-1);
    if (rows.length < PAGE || last === undefined) return;
    after = last.seq;
  }
}

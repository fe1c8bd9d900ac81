/** Reads operations and their event log. */
import { sql } from "kysely";
import { OnveraError } from "../../domain/errors.ts";
import { parseId } from "../../domain/ids.ts";
import { isTerminal } from "../../domain/operation.ts";
import type { Scoped } from "../../store/database.ts";
import type { Operation } from "../../store/tables/operations.ts";
import type { ServerDeps } from "../deps.ts";
import { totalOf } from "../list-totals.ts";
import { comesAfter, pageAnswer, pagingOf, positionOf } from "../pages.ts";
import type { PageRequest } from "../schemas/common.ts";
import { transact } from "../transact.ts";
import { type EventRow, operationView, withQueuePlaces } from "../views/operation-view.ts";

export interface OperationFilters {
  status?: Operation["status"] | undefined;
  type?: string | undefined;
  resource_id?: string | undefined;
}

/** One operation of an organization. @throws OnveraError OPERATION_NOT_FOUND, for a foreign one too */
export async function readOperation(
  deps: Pick<ServerDeps, "store">,
  organizationId: string,
  id: string,
): Promise<Operation> {
  const operationId = parseId("operation", id);
  const row =
    operationId &&
    (await transact(deps, organizationId, (db) =>
      db
        .selectFrom("operations")
        .selectAll()
        .where("id", "=", operationId)
        .where("organization_id", "=", organizationId)
        .executeTakeFirst(),
    ));
  if (!row) throw new OnveraError("OPERATION_NOT_FOUND");
  return row;
}

/** A page of operations, newest first; what is queued with its place. */
export async function listOperations(
  deps: Pick<ServerDeps, "store">,
  organizationId: string,
  query: OperationFilters & PageRequest,
) {
  const page = await transact(deps, organizationId, (db) => readPage(db, organizationId, query));
  return { ...page, items: await withQueuePlaces(deps.store, page.items) };
}

async function readPage(db: Scoped, organizationId: string, query: OperationFilters & PageRequest) {
  const { status, type } = query;
  // The documented filter takes any resource's id; a bare UUID is a deployment's.
  const resourceId = query.resource_id && (parseId("deployment", query.resource_id) ?? query.resource_id);
  const filters = { list: "operations", status, type, resourceId };
  const paging = pagingOf(query, filters);
  const matching = db
    .selectFrom("operations as o")
    .where("o.organization_id", "=", organizationId)
    .$if(status !== undefined, (q) => q.where("o.status", "=", status ?? "queued"))
    .$if(type !== undefined, (q) => q.where("o.type", "=", type ?? ""))
    .$if(resourceId !== undefined, (q) => q.where("o.resource_id", "=", resourceId ?? ""));
  const { after } = paging;
  const rows = await matching
    .selectAll("o")
    .select(positionOf("o.requested_at"))
    .where(comesAfter(after, "o.requested_at", "o.id"))
    .orderBy("o.requested_at", "desc")
    .orderBy("o.id", "desc")
    .limit(paging.limit + 1)
    .offset(paging.offset)
    .execute();
  const total = await totalOf(db, [organizationId, filters], matching.select("o.id"));
  return pageAnswer(rows, { request: query, total, filters, view: operationView });
}

/**
 * Waits until an operation changes, ends, or the time is over.
 * @param waitMilliseconds how long at most
 */
export async function waitForChange(
  deps: Pick<ServerDeps, "store" | "hub">,
  first: Operation,
  { waitMilliseconds, signal }: { waitMilliseconds: number; signal: AbortSignal },
): Promise<Operation> {
  const deadline = Date.now() + waitMilliseconds;
  const watch = deps.hub.watch([first.id]);
  try {
    let current = first;
    // The first look may be older than the watch, so one more is taken before any waiting.
    while (!isTerminal(current.status) && !signal.aborted) {
      current = await readOperation(deps, first.organization_id, first.id);
      const left = deadline - Date.now();
      if (left <= 0 || isTerminal(current.status) || hasChanged(first, current)) return current;
      await watch.next(left, signal);
    }
    return current;
  } finally {
    watch.close();
  }
}

/** Events with a greater seq, in order. */
export function readEvents(
  deps: Pick<ServerDeps, "store">,
  operation: Pick<Operation, "id" | "organization_id">,
  { after, limit }: { after: number; limit: number },
): Promise<EventRow[]> {
  return transact(deps, operation.organization_id, (db) =>
    db
      .selectFrom("operation_events")
      .select(["operation_id", "seq", "at", "type", "data"])
      .where("operation_id", "=", operation.id)
      .where("organization_id", "=", operation.organization_id)
      .where("seq", ">", after)
      .orderBy("seq")
      .limit(limit)
      .execute(),
  );
}

/** A page of the events of all operations of a resource, newest first. */
export async function listResourceEvents(db: Scoped, organizationId: string, resourceId: string, query: PageRequest) {
  const filters = { list: "events", resourceId };
  const { limit, offset, after } = pagingOf(query, filters);
  const matching = db
    .selectFrom("operation_events as v")
    .innerJoin("operations as o", "o.id", "v.operation_id")
    .where("o.resource_id", "=", resourceId)
    .where("v.organization_id", "=", organizationId);
  const place = sql<string>`v.operation_id || ':' || lpad(v.seq::text, 12, '0')`;
  const rows = await matching
    .select(["v.operation_id", "v.seq", "v.at", "v.type", "v.data"])
    .select([place.as("id"), positionOf("v.at")])
    .where(comesAfter(after, "v.at", place))
    .orderBy("v.at", "desc")
    .orderBy(place, "desc")
    .limit(limit + 1)
    .offset(offset)
    .execute();
  const total = await totalOf(db, [organizationId, filters], matching.select("v.seq"));
  return { rows, total, filters };
}

const hasChanged = (before: Operation, now: Operation): boolean =>
  before.status !== now.status ||
  before.phase !== now.phase ||
  before.message !== now.message ||
  before.attempt !== now.attempt ||
  before.cancel_requested_at?.getTime() !== now.cancel_requested_at?.getTime();

/** What goes on in an organization right now: every operation that changes, and the log of those a reader has open. */
import { setTimeout } from "node:timers/promises";
import { activeStatuses } from "../../domain/operation.ts";
import type { Operation } from "../../store/tables/operations.ts";
import type { ServerDeps } from "../deps.ts";
import type { EventStream } from "../event-stream.ts";
import { ANY_OPERATION } from "../operation-hub.ts";
import { transact } from "../transact.ts";
import { eventView, operationView, withQueuePlaces } from "../views/operation-view.ts";
import { readEvents } from "./operations.ts";

const BATCH = 500;
/** Many changes in one moment are told together. */
const PAUSE_MILLISECONDS = 250;
/** What ended while a reader was between two connections is told again; a page shows the latest it hears. */
const LOOK_BACK_MILLISECONDS = 120_000;

/** Reads `op_…:12,op_…:0`, as the route's schema has checked it: the operations whose log is wanted, each after a sequence number. */
export const parseFollow = (text: string): Map<string, number> =>
  new Map(
    text
      .split(",")
      .filter((pair) => pair !== "")
      .map((pair) => {
        const [id = "", seq = ""] = pair.split(":");
        return [id, Number(seq)] as const;
      }),
  );

/**
 * Sends `operation` whenever one of the organization's operations changed, and `operation_event` for each record of the followed
 * ones, in order and without gaps, until the reader goes.
 * @param followed operation id to the last sequence number the reader has
 */
export async function sendActivity(
  deps: ServerDeps,
  organizationId: string,
  followed: Map<string, number>,
  { send, signal }: EventStream,
): Promise<void> {
  const watch = deps.hub.watch([ANY_OPERATION]);
  const told = new Map<string, string>();
  let since = new Date(deps.now().getTime() - LOOK_BACK_MILLISECONDS);
  try {
    while (!signal.aborted) {
      const lookedAt = deps.now();
      const operations = await changedSince(deps, { organizationId, since, followed: [...followed.keys()] });
      const changed = operations.filter((operation) => told.get(operation.id) !== stateOf(operation));
      const views = await withQueuePlaces(deps.store, changed.map(operationView));
      const viewOf = new Map(views.map((view) => [view.id, view]));
      for (const operation of operations) {
        await sendLog(deps, operation, followed, { send, signal });
        const view = viewOf.get(operation.id);
        if (view === undefined || signal.aborted) continue;
        await send({ event: "operation", data: view });
        told.set(operation.id, stateOf(operation));
      }
      since = new Date(lookedAt.getTime() - LOOK_BACK_MILLISECONDS);
      const present = new Set(operations.map(({ id }) => id));
      for (const id of told.keys()) if (!present.has(id)) told.delete(id);
      await setTimeout(PAUSE_MILLISECONDS, undefined, { signal }).catch(() => undefined);
      await watch.next(Number.POSITIVE_INFINITY, signal);
    }
  } finally {
    watch.close();
  }
}

async function sendLog(
  deps: ServerDeps,
  operation: Operation,
  followed: Map<string, number>,
  { send, signal }: EventStream,
): Promise<void> {
  for (let after = followed.get(operation.id); after !== undefined && !signal.aborted; ) {
    const rows = await readEvents(deps, operation, { after, limit: BATCH });
    for (const row of rows) {
      await send({ id: `${row.operation_id}:${row.seq}`, event: "operation_event", data: eventView(row) });
      after = row.seq;
    }
    followed.set(operation.id, after);
    if (rows.length < BATCH) return;
  }
}

function changedSince(
  deps: ServerDeps,
  { organizationId, since, followed }: { organizationId: string; since: Date; followed: string[] },
): Promise<Operation[]> {
  return transact(deps, organizationId, (db) =>
    db
      .selectFrom("operations")
      .selectAll()
      .where("organization_id", "=", organizationId)
      .where((eb) =>
        eb.or([
          eb("status", "in", activeStatuses),
          eb("ended_at", ">", since),
          ...(followed.length > 0 ? [eb("id", "in", followed)] : []),
        ]),
      )
      .orderBy("requested_at")
      .execute(),
  );
}

const stateOf = ({ status, phase, message, attempt, cancel_requested_at: cancel }: Operation) =>
  JSON.stringify([status, phase, message, attempt, cancel]);

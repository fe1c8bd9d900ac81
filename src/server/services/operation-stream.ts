/** The event log of one operation as a stream, for as many readers as there are. */
import { isTerminal } from "../../domain/operation.ts";
import { askedTogether } from "../asked-together.ts";
import type { ServerDeps } from "../deps.ts";
import type { EventStream } from "../event-stream.ts";
import { eventView } from "../views/operation-view.ts";
import { readEvents, readOperation } from "./operations.ts";

const BATCH = 500;

interface Place {
  operation: { id: string; organization_id: string };
  /** The last sequence number the reader has. */
  after: number;
}

/** What comes after a place, ready to be sent, and whether nothing can come after that. */
const lookFrom = askedTogether(
  ({ operation, after }: Place) => `${operation.id}:${after}`,
  async (deps: ServerDeps, { operation, after }: Place) => {
    const rows = await readEvents(deps, operation, { after, limit: BATCH });
    const over = rows.length === 0 ? await isOver(deps, { operation, after }) : rows.at(-1)?.type === "end";
    const messages = rows.map((row) => ({ seq: row.seq, event: row.type, data: eventView(row) }));
    return { messages, over };
  },
);

/** Sends the log from `place` on, then what is added, until `end` has gone out. */
export async function sendEvents(deps: ServerDeps, place: Place, { send, signal }: EventStream): Promise<void> {
  const { operation } = place;
  const watch = deps.hub.watch([operation.id]);
  try {
    for (let { after } = place; !signal.aborted; ) {
      const { messages, over } = await lookFrom(deps, { operation, after });
      for (const { seq, event, data } of messages) {
        if (signal.aborted) return;
        await send({ id: String(seq), event, data });
        after = seq;
      }
      if (over) return;
      if (messages.length < BATCH) await watch.next(Number.POSITIVE_INFINITY, signal);
    }
  } finally {
    watch.close();
  }
}

/** A reader that already has the last event gets an empty stream, not an endless one. */
async function isOver(deps: ServerDeps, { operation, after }: Place): Promise<boolean> {
  const current = await readOperation(deps, operation.organization_id, operation.id);
  return isTerminal(current.status) && current.next_event_seq <= after + 1;
}

/** Reads a stream of server-sent events as a client does, and lets a test wait for what has come. */
import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { ServerApp } from "../../src/server/app.ts";

export interface EventReader {
  status: number;
  contentType: string | null;
  /** Everything that has come, in order. */
  events: EventSourceMessage[];
  /** Resolves once so many events are here or the predicate holds, or when the stream has ended. */
  until(enough: number | (() => boolean)): Promise<void>;
  ended: Promise<void>;
  /** Cuts the connection. */
  close(): void;
}

/** Opens a stream; the headers say as whom. */
export async function openEventReader(
  app: ServerApp,
  path: string,
  headers: Record<string, string>,
): Promise<EventReader> {
  const abort = new AbortController();
  const answer = await app.request(path, {
    headers: { Accept: "text/event-stream", ...headers },
    signal: abort.signal,
  });
  const events: EventSourceMessage[] = [];
  let wake = () => {};
  let over = false;
  const parser = createParser({
    onEvent(event) {
      events.push(event);
      wake();
    },
  });
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder();
  const read = async () => {
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      parser.feed(decoder.decode(part.value, { stream: true }));
    }
  };
  const ended = read()
    .catch(() => undefined)
    .finally(() => {
      over = true;
      wake();
    });
  return {
    status: answer.status,
    contentType: answer.headers.get("content-type"),
    events,
    ended,
    async until(enough) {
      const isEnough = typeof enough === "number" ? () => events.length >= enough : enough;
      while (!isEnough() && !over) await new Promise<void>((resolve) => (wake = resolve));
    },
    close() {
      reader?.cancel().catch(() => undefined);
      abort.abort();
    },
  };
}

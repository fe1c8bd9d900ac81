/** Server-sent events: one way to open a stream, keep it alive, and end it with the caller's key or session. */
import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import { OnveraError } from "../domain/errors.ts";
import { askedTogether } from "./asked-together.ts";
import type { ServerEnv } from "./caller.ts";
import type { ServerDeps } from "./deps.ts";
import { credentialHeaders, isStillValid } from "./middleware/authenticate.ts";

const HEARTBEAT_MILLISECONDS = 15_000;
/** How soon a reader should come back after a break. */
const RETRY_MILLISECONDS = 2000;
const STREAMS_PER_CALLER = 20;

/** What a stream's writer is given. */
export interface EventStream {
  send(message: { id?: string; event: string; data: unknown }): Promise<void>;
  /** Aborts when the reader has gone, or may not read any more. */
  signal: AbortSignal;
}

const open = new Map<string, number>();

/** Streams open in this process. */
export const openStreams = (): number => [...open.values()].reduce((sum, count) => sum + count, 0);

/**
 * Answers with a stream.
 * @param write sends until it has nothing more to say or the signal aborts
 * @throws OnveraError RATE_LIMIT_EXCEEDED when the caller has too many streams open
 */
export function eventStream(
  deps: ServerDeps,
  c: Context<ServerEnv>,
  write: (stream: EventStream) => Promise<void>,
): Response {
  const caller = c.get("caller");
  const count = open.get(caller.actor.id) ?? 0;
  if (count >= STREAMS_PER_CALLER) {
    throw new OnveraError("RATE_LIMIT_EXCEEDED", {
      message: `Too many open streams. At most ${STREAMS_PER_CALLER} are served at a time`,
      retryAfterSeconds: 5,
    });
  }
  open.set(caller.actor.id, count + 1);
  c.header("X-Accel-Buffering", "no");
  return streamSSE(c, async (sse) => {
    const ended = new AbortController();
    sse.onAbort(() => ended.abort());
    const watching = endWithAccess(deps, c, [caller.apiKeyId ?? caller.sessionId ?? ""], ended);
    const heartbeat = setInterval(() => sse.write(": alive\n\n").catch(() => ended.abort()), HEARTBEAT_MILLISECONDS);
    try {
      await sse.write(`retry: ${RETRY_MILLISECONDS}\n\n`);
      await write({ signal: ended.signal, send: (message) => sendOne(sse, message) });
    } catch (err) {
      if (!ended.signal.aborted) deps.log.error({ err, request_id: c.get("requestId") }, "A stream broke off");
    } finally {
      clearInterval(heartbeat);
      ended.abort();
      await watching;
      const left = (open.get(caller.actor.id) ?? 1) - 1;
      if (left > 0) open.set(caller.actor.id, left);
      else open.delete(caller.actor.id);
    }
  });
}

async function sendOne(sse: SSEStreamingApi, { id, event, data }: { id?: string; event: string; data: unknown }) {
  await sse.writeSSE({ event, data: JSON.stringify(data), ...(id === undefined ? {} : { id }) });
}

/** Streams of one key or session ask about it once. */
const mayGoOn = askedTogether(
  (c: Context<ServerEnv>) => JSON.stringify(credentialHeaders.map((name) => c.req.header(name) ?? null)),
  isStillValid,
);

/** Ends the stream when key or session is revoked: told by notification, looked up again every two seconds. */
async function endWithAccess(deps: ServerDeps, c: Context<ServerEnv>, ids: string[], ended: AbortController) {
  const watch = deps.hub.watch(ids);
  try {
    while (!ended.signal.aborted) {
      await watch.next(2000, ended.signal);
      if (!ended.signal.aborted && !(await mayGoOn(deps, c))) ended.abort();
    }
  } finally {
    watch.close();
  }
}

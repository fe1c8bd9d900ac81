/** Reads server-sent events and goes on after the last one seen when the connection is cut. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import { UnreachableError } from "./client.ts";
import { ApiError } from "./problem.ts";

export interface StreamEvent {
  id: string | undefined;
  type: string;
  data: string;
}

export interface StreamOptions {
  /** Opens the stream; `lastId` is the id of the last event seen, if any. */
  open(lastId: string | undefined, signal: AbortSignal): Promise<Response>;
  signal: AbortSignal;
  /** Whether the event ends the stream for good. */
  isLast?(event: StreamEvent): boolean;
  onReconnect?(): void;
}

const RECONNECT_MILLISECONDS = 1000;
/** The service sends a sign of life every 15 s: a connection that gave nothing for three of them leads nowhere. */
const IDLE_MILLISECONDS = 45_000;
const TRIES_WITHOUT_AN_EVENT = 30;

/**
 * Gives event after event until the last one, or until the signal aborts (which ends it quietly).
 * @throws ApiError when the service refuses, UnreachableError when it stays away
 */
export async function* readEvents(options: StreamOptions): AsyncGenerator<StreamEvent> {
  const { signal } = options;
  let lastId: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    const idle = idleTimer();
    try {
      const response = await options.open(lastId, AbortSignal.any([signal, idle.signal]));
      for await (const event of eventsOf(response, idle.heard)) {
        failures = 0;
        if (event.id !== undefined) lastId = event.id;
        yield event;
        if (options.isLast?.(event)) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      if ((!mayPass(error) && !idle.signal.aborted) || failures > TRIES_WITHOUT_AN_EVENT) throw error;
      options.onReconnect?.();
    } finally {
      idle.stop();
    }
    await pause(RECONNECT_MILLISECONDS, signal);
  }
}

function idleTimer() {
  const idle = new AbortController();
  const timer = setTimeout(() => idle.abort(), IDLE_MILLISECONDS);
  return { signal: idle.signal, heard: () => void timer.refresh(), stop: () => clearTimeout(timer) };
}

async function* eventsOf(response: Response, onBytes: () => void): AsyncGenerator<StreamEvent> {
  if (response.body === null) return;
  const heard = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      onBytes();
      controller.enqueue(chunk);
    },
  });
  const events = response.body
    .pipeThrough(heard)
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const { id, event = "message", data } of events) yield { id, type: event, data };
}

/** A cut connection comes as a plain TypeError of fetch. */
const mayPass = (error: unknown): boolean =>
  error instanceof UnreachableError ||
  error instanceof TypeError ||
  (error instanceof ApiError && (error.status >= 500 || error.status === 429));

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });

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
    try {
      const response = await options.open(lastId, signal);
      for await (const event of eventsOf(response)) {
        failures = 0;
        if (event.id !== undefined) lastId = event.id;
        yield event;
        if (options.isLast?.(event)) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      if (!mayPass(error) || failures > TRIES_WITHOUT_AN_EVENT) throw error;
      options.onReconnect?.();
    }
    await pause(RECONNECT_MILLISECONDS, signal);
  }
}

async function* eventsOf(response: Response): AsyncGenerator<StreamEvent> {
  if (response.body === null) return;
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
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

/**
 * Watches an operation to its end by its event log, so that no phase is missed however short it was or however often the
 * connection broke (NH-08). Where no stream can be had, it polls.
 */
import { isTerminal } from "../../domain/operation.ts";
import type { Operation, OperationEvent } from "../api/contract.ts";
import { readEvents } from "../api/event-stream.ts";
import { isPassing, POLL_SECONDS, type PollOptions, pause, pollOperation, readOnce } from "./poll.ts";

export interface WatchOptions extends PollOptions {
  /** Told of each event in its order, when the log can be streamed; of the states by `onChange` when not. */
  onEvent(event: OperationEvent, operation: Operation): void;
}

/**
 * Watches until the operation is terminal.
 * @throws as `pollOperation`
 */
export async function watchOperation(options: WatchOptions): Promise<Operation> {
  const first = await readOnce(options);
  if (isTerminal(first.status)) {
    options.onChange(first);
    return first;
  }
  const told = await followEvents(options, first);
  if (told === 0) options.onChange(first);
  return pollOperation(options, first);
}

/** Tells events until the last one, or until no stream is to be had any more. @returns how many it told */
async function followEvents(options: WatchOptions, first: Operation): Promise<number> {
  const { api, operationId, signal, onEvent } = options;
  let told = 0;
  const tellSilence = onceEach(options.onSilence);
  const queue = watchQueue(options, first);
  const events = readEvents({
    signal,
    isLast: ({ type }) => type === "end",
    async open(lastId, abort) {
      try {
        const response = await api.open("listOperationEvents", {
          path: { operation_id: operationId },
          query: { stream: "true" },
          headers: { Accept: "text/event-stream", ...(lastId === undefined ? {} : { "Last-Event-ID": lastId }) },
          signal: abort,
        });
        tellSilence(false);
        if (response.headers.get("content-type")?.startsWith("text/event-stream") !== true) throw new NoStream();
        return response;
      } catch (error) {
        if (error instanceof NoStream || signal.aborted) throw error;
        if (!isPassing(error)) throw new NoStream();
        tellSilence(true);
        throw error;
      }
    },
  });
  try {
    for await (const { data } of events) {
      const event = JSON.parse(data) as OperationEvent;
      if (event.type === "status") queue.isQueued(event.data.status === "queued");
      onEvent(event, first);
      told += 1;
    }
    signal.throwIfAborted();
    return told;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof NoStream || isPassing(error) || error instanceof TypeError) return told;
    throw error;
  } finally {
    tellSilence(false);
    queue.stop();
  }
}

/** The answer is no event stream: an older service, or something on the way that does not let one through. */
class NoStream extends Error {}

/** Silence is told when it begins and when it ends, however many tries lie between. */
function onceEach(tell: (isSilent: boolean) => void): (isSilent: boolean) => void {
  let silent = false;
  return (isSilent) => {
    if (isSilent === silent) return;
    silent = isSilent;
    tell(isSilent);
  };
}

/** A place in the queue moves without an event of the operation's own, so it is asked for while the operation waits. */
function watchQueue({ api, operationId, signal, onChange }: WatchOptions, first: Operation) {
  let over = new AbortController();
  const ask = async (mine: AbortSignal) => {
    for (;;) {
      await pause(POLL_SECONDS * 1000, mine);
      const operation = await api
        .call("getOperation", { path: { operation_id: operationId }, signal: mine })
        .catch(() => undefined);
      if (mine.aborted) return;
      if (operation?.status === "queued") onChange(operation);
    }
  };
  const isQueued = (queued: boolean) => {
    over.abort();
    if (!queued) return;
    over = new AbortController();
    ask(AbortSignal.any([signal, over.signal])).catch(() => undefined);
  };
  if (first.status === "queued") onChange(first);
  return { isQueued, stop: () => over.abort() };
}

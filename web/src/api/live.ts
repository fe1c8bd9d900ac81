/** One stream per tab: keeps operations, their logs and what depends on them current, across breaks and reloads. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import { authorizedFetch } from "./client.ts";
import { ApiProblem } from "./problem.ts";
import { queryClient } from "./query-client.ts";
import { keys } from "./query-keys.ts";
import type { Operation, OperationEvent } from "./types.ts";

const RECONNECT_MILLISECONDS = 1000;
const FOLLOWED_AT_MOST = 50;

type Connection = "connecting" | "open" | "broken";

let connection: Connection = "connecting";
const listeners = new Set<() => void>();
const followed = new Map<string, number>();
let reopen: AbortController | undefined;
let running = false;

export const liveStore = {
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  snapshot: () => connection,
};

function become(next: Connection): void {
  if (next === connection) return;
  connection = next;
  for (const listener of listeners) listener();
}

/** Adds an operation's log to the stream while a page shows it. @returns what takes it off again */
export function follow(operationId: string): () => void {
  const readers = followed.get(operationId) ?? 0;
  followed.set(operationId, readers + 1);
  if (readers === 0) reopen?.abort();
  return () => {
    const left = (followed.get(operationId) ?? 1) - 1;
    if (left > 0) followed.set(operationId, left);
    else followed.delete(operationId);
  };
}

/** Starts the stream. @returns what ends it */
export function startLive(): () => void {
  running = true;
  void run();
  return () => {
    running = false;
    reopen?.abort();
  };
}

async function run(): Promise<void> {
  while (running) {
    const abort = new AbortController();
    reopen = abort;
    try {
      await read(abort.signal);
      become("connecting");
    } catch (error) {
      // A page that follows one more operation asks anew: no break.
      if (abort.signal.aborted) continue;
      become("broken");
      if (error instanceof ApiProblem && error.status === 401) return;
    }
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MILLISECONDS));
  }
}

async function read(signal: AbortSignal): Promise<void> {
  const positions = [...followed.keys()].slice(-FOLLOWED_AT_MOST).map((id) => `${id}:${lastSeq(id)}`);
  const address = new URL("/api/v1/activity", location.origin);
  address.searchParams.set("follow", positions.join(","));
  const response = await authorizedFetch(new Request(address, { headers: { Accept: "text/event-stream" }, signal }));
  if (!response.ok || !response.body) throw new ApiProblem(response.status, undefined);
  if (connection === "broken") void queryClient.invalidateQueries();
  become("open");
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  const reader = events.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const { event, data } = next.value;
    if (event === "operation") takeOperation(JSON.parse(data) as Operation);
    if (event === "operation_event") takeEvent(JSON.parse(data) as OperationEvent);
  }
}

const lastSeq = (id: string): number =>
  queryClient.getQueryData<OperationEvent[]>(keys.operationEvents(id))?.at(-1)?.seq ?? 0;

function takeEvent(event: OperationEvent): void {
  queryClient.setQueryData<OperationEvent[]>(keys.operationEvents(event.operation_id), (known = []) =>
    event.seq > (known.at(-1)?.seq ?? 0) ? [...known, event] : known,
  );
}

function takeOperation(operation: Operation): void {
  const before = queryClient.getQueryData<Operation>(keys.operation(operation.id));
  queryClient.setQueryData(keys.operation(operation.id), operation);
  queryClient.setQueryData<ReadonlyMap<string, Operation>>(keys.liveOperations, (known = new Map()) =>
    new Map(known).set(operation.resource_id, operation),
  );
  if (before?.status === operation.status) return;
  void queryClient.invalidateQueries({ queryKey: keys.operations });
  void queryClient.invalidateQueries({ queryKey: keys.deployments });
  void queryClient.invalidateQueries({ queryKey: keys.deployment(operation.resource_id) });
}

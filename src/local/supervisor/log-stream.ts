/** Answers a request for logs: one process or all of them merged by time, past lines and those to come. */
import type { LogCollector } from "./log-collector.ts";
import { followRecords, lastRecords, recordsBetween } from "./log-query.ts";
import { toLogLine } from "./log-record.ts";
import type { LogLine } from "./protocol.ts";

export interface LogRequest {
  deploymentId: string;
  /** All processes and jobs when left out. */
  process?: string;
  tail?: number;
  /** Only lines with a higher number; numbers are per process. */
  after?: number;
  follow: boolean;
}

const DEFAULT_TAIL = 200;

/** Lines in order of time; within a process in order of number. Ends by itself unless it follows. */
export async function* streamLogs(
  logs: LogCollector,
  request: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const names = request.process === undefined ? logs.names(request.deploymentId) : [request.process];
  const reached = new Map<string, number>();
  if (request.after === undefined) {
    const count = request.tail ?? DEFAULT_TAIL;
    const past = names.flatMap((name) => {
      const book = logs.book(request.deploymentId, name);
      // Taken before reading, in one turn of the event loop: a line can come in neither twice nor never.
      reached.set(name, book.lastSeq);
      return lastRecords(book, count).map((record) => toLogLine(name, record));
    });
    past.sort((a, b) => (a.at === b.at ? 0 : a.at < b.at ? -1 : 1));
    yield* past.slice(-count);
  } else {
    for (const name of names) {
      const book = logs.book(request.deploymentId, name);
      const upTo = book.lastSeq;
      reached.set(name, upTo);
      let skipped = request.tail === undefined ? request.after : Math.max(request.after, upTo - request.tail);
      for await (const record of recordsBetween(book, skipped, upTo)) {
        if (signal.aborted) return;
        skipped = record.seq;
        yield toLogLine(name, record);
      }
    }
  }
  if (!request.follow) return;
  yield* mergeLive(names.map((name) => tagged(logs, request.deploymentId, name, reached.get(name) ?? 0, signal)));
}

async function* tagged(
  logs: LogCollector,
  deploymentId: string,
  name: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  for await (const record of followRecords(logs.book(deploymentId, name), after, signal)) yield toLogLine(name, record);
}

/** Takes from whichever source has a line first. */
async function* mergeLive(sources: AsyncGenerator<LogLine>[]): AsyncGenerator<LogLine> {
  const pending = new Map(sources.map((source) => [source, source.next().then((step) => ({ source, step }))]));
  try {
    while (pending.size > 0) {
      const { source, step } = await Promise.race(pending.values());
      if (step.done === true) {
        pending.delete(source);
        continue;
      }
      pending.set(
        source,
        source.next().then((next) => ({ source, step: next })),
      );
      yield step.value;
    }
  } finally {
    for (const source of sources) void source.return(undefined);
  }
}

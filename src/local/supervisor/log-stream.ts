/** Answers a request for logs: one process or all of them merged by time, past lines and those to come. */
import { createLogFilter, isFilter, type LogFilter } from "../../domain/log-filter.ts";
import type { LogBook } from "./log-book.ts";
import type { LogCollector } from "./log-collector.ts";
import { mergeByTime, mergeLive } from "./log-merge.ts";
import { followRecords, lastRecords, recordsBetween } from "./log-query.ts";
import { type LogRecord, toLogLine } from "./log-record.ts";
import type { LogLine } from "./protocol.ts";

export interface LogRequest {
  deploymentId: string;
  /** All processes and jobs when left out. */
  process?: string;
  /** How many of the last lines; `all` reads whatever is kept, without following. */
  tail?: number | "all";
  /** Only lines with a higher number; numbers are per process. */
  after?: number;
  follow: boolean;
  /** Only lines that pass; of them the last `tail`. */
  filter?: LogFilter;
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
  const filter = request.filter ?? {};
  const accepts = new Map(names.map((name) => [name, createLogFilter(filter)]));
  const passes = (name: string, record: LogRecord) => accepts.get(name)?.(record) ?? true;
  if (request.tail === "all") {
    const whole = names.map((name) => {
      const book = logs.book(request.deploymentId, name);
      return tagged(name, recordsBetween(book, request.after ?? 0, book.lastSeq), (record) => passes(name, record));
    });
    yield* mergeByTime(whole);
    return;
  }
  if (request.after === undefined) {
    const count = request.tail ?? DEFAULT_TAIL;
    const books = names.map((name) => {
      const book = logs.book(request.deploymentId, name);
      // Taken before reading, in one turn of the event loop: a line can come in neither twice nor never.
      reached.set(name, book.lastSeq);
      const unfiltered = isFilter(filter) ? undefined : lastRecords(book, count);
      return { name, book, upTo: book.lastSeq, unfiltered };
    });
    const past: LogLine[] = [];
    for (const { name, book, upTo, unfiltered } of books) {
      const found =
        unfiltered ?? (await lastPassing(book, { count, upTo, signal, passes: (record) => passes(name, record) }));
      past.push(...found.map((record) => toLogLine(name, record)));
    }
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
        if (passes(name, record)) yield toLogLine(name, record);
      }
    }
  }
  if (!request.follow) return;
  const live = names.map((name) => {
    const records = followRecords(logs.book(request.deploymentId, name), reached.get(name) ?? 0, signal);
    return tagged(name, records, (record) => passes(name, record));
  });
  yield* mergeLive(live);
}

/** Reads the whole log, piece by piece: what is wanted may be anywhere in it. */
async function lastPassing(
  book: LogBook,
  {
    count,
    upTo,
    signal,
    passes,
  }: { count: number; upTo: number; signal: AbortSignal; passes(record: LogRecord): boolean },
): Promise<LogRecord[]> {
  const found: LogRecord[] = [];
  for await (const record of recordsBetween(book, 0, upTo)) {
    if (signal.aborted) break;
    if (!passes(record)) continue;
    found.push(record);
    // Cut now and then, not at each line.
    if (found.length > 2 * count) found.splice(0, found.length - count);
  }
  return count === 0 ? [] : found.slice(-count);
}

async function* tagged(
  name: string,
  records: AsyncGenerator<LogRecord>,
  passes: (record: LogRecord) => boolean,
): AsyncGenerator<LogLine> {
  for await (const record of records) if (passes(record)) yield toLogLine(name, record);
}

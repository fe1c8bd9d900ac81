/** Reads a log back: its last lines, the lines after a number, and those still to come, each exactly once. */
import { createReadStream, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { LogBook } from "./log-book.ts";
import { decodeLine, type LogRecord } from "./log-record.ts";

/** The last lines of a log, oldest first. */
export function lastRecords(book: LogBook, count: number): LogRecord[] {
  let records: LogRecord[] = [];
  if (count <= 0) return records;
  for (const { file } of book.files().reverse()) {
    const found = recordsIn(readFileSync(file, "utf8"));
    records = [...found.slice(-(count - records.length)), ...records];
    if (records.length >= count) break;
  }
  return records;
}

/** The lines with a number in (`after`, `upTo`], read from the disk piece by piece. */
export async function* recordsBetween(book: LogBook, after: number, upTo: number): AsyncGenerator<LogRecord> {
  const files = book.files();
  const first = Math.max(
    0,
    files.findLastIndex(({ firstSeq }) => firstSeq <= after + 1),
  );
  for (const { file } of files.slice(first)) {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      const decoded = decodeLine(line);
      if (decoded === undefined || "checkpoint" in decoded || decoded.record.seq <= after) continue;
      if (decoded.record.seq > upTo) return;
      yield decoded.record;
    }
  }
}

/**
 * Lines as they come, beginning after a number, until the signal. Written and read through one counter, so the change
 * from the disk to live lines neither drops nor repeats one.
 */
export async function* followRecords(book: LogBook, after: number, signal: AbortSignal): AsyncGenerator<LogRecord> {
  let waiting: LogRecord[] = [];
  let wake = (): void => {};
  const stop = book.subscribe((record) => {
    waiting.push(record);
    wake();
  });
  const onAbort = (): void => wake();
  signal.addEventListener("abort", onAbort);
  try {
    const boundary = book.lastSeq;
    for await (const record of recordsBetween(book, after, boundary)) {
      if (signal.aborted) return;
      yield record;
    }
    while (!signal.aborted) {
      const batch = waiting;
      waiting = [];
      for (const record of batch) if (record.seq > boundary && record.seq > after) yield record;
      if (batch.length > 0) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (waiting.length > 0 || signal.aborted) resolve();
      });
    }
  } finally {
    stop();
    signal.removeEventListener("abort", onAbort);
  }
}

function recordsIn(content: string): LogRecord[] {
  const records: LogRecord[] = [];
  for (const line of content.split("\n")) {
    const decoded = line === "" ? undefined : decodeLine(line);
    if (decoded !== undefined && "record" in decoded) records.push(decoded.record);
  }
  return records;
}

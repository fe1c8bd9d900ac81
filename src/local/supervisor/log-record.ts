/** How a line stands in a process's log file: one JSON array per line, so that it is short and never ambiguous. */
import type { LogLine } from "./protocol.ts";

export interface LogRecord {
  seq: number;
  atMilliseconds: number;
  replica: number;
  stream: "stdout" | "stderr";
  text: string;
  /** Which raw file the line came from, and where in it the line ends: what makes a line count exactly once. */
  source: string;
  sourceEnd: number;
}

/** First line of a log file: how far each raw file had been read when the log file was begun. */
export interface LogCheckpoint {
  nextSeq: number;
  sources: Record<string, number>;
}

/** One line of a log file. */
export function encodeRecord(record: LogRecord): string {
  const stream = record.stream === "stdout" ? 1 : 2;
  const { seq, atMilliseconds, replica, source, sourceEnd, text } = record;
  return `${JSON.stringify([seq, atMilliseconds, replica, stream, source, sourceEnd, text])}\n`;
}

/** First line of a log file. */
export function encodeCheckpoint(checkpoint: LogCheckpoint): string {
  return `${JSON.stringify(checkpoint)}\n`;
}

/** Reads a line of a log file; undefined when it is none of the two (half written when the machine stopped). */
export function decodeLine(line: string): { record: LogRecord } | { checkpoint: LogCheckpoint } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (Array.isArray(value)) {
    const [seq, atMilliseconds, replica, stream, source, sourceEnd, text] = value;
    return {
      record: { seq, atMilliseconds, replica, stream: stream === 1 ? "stdout" : "stderr", source, sourceEnd, text },
    };
  }
  return value !== null && typeof value === "object" ? { checkpoint: value as LogCheckpoint } : undefined;
}

/** The line as callers see it. */
export function toLogLine(process: string, record: LogRecord): LogLine {
  return {
    seq: record.seq,
    at: new Date(record.atMilliseconds).toISOString(),
    process,
    replica: record.replica,
    stream: record.stream,
    text: record.text,
  };
}

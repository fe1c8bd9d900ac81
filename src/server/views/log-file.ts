/** A log as a text file: one line each, with when and where it was written. */
import type { LogLineView } from "../schemas/runtime.ts";

export const logFileTypes = { text: "text/plain; charset=utf-8", jsonl: "application/x-ndjson" } as const;
type LogFileFormat = keyof typeof logFileTypes;

/** How many lines go into one piece of a file: one write each would cost more than the reading. */
const LINES_PER_PIECE = 500;

/** The lines as text, in pieces worth a write. */
export async function* logFile(lines: AsyncIterable<LogLineView>, format: LogFileFormat): AsyncGenerator<string> {
  let piece: string[] = [];
  for await (const line of lines) {
    piece.push(format === "text" ? textOf(line) : `${JSON.stringify(line)}\n`);
    if (piece.length < LINES_PER_PIECE) continue;
    yield piece.join("");
    piece = [];
  }
  yield piece.join("");
}

const textOf = ({ at, process, replica, text }: LogLineView): string => `${at} ${process}.${replica}  ${text}\n`;

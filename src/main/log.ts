/** The control plane's own log: one JSON line per event on stdout. Secrets are not logged, so none is scrubbed here. */
import { pino } from "pino";

export interface Log {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

/** Makes the log. A line that nobody takes, on a full disk or a closed pipe, is lost; the process goes on. */
export function createLog(): Log {
  keepThroughLostOutput();
  const level = process.env.ONVERA_LOG_LEVEL ?? "info";
  // Not pino's own destination: when the disk is full, that one ends the process and, while ending, waits for room for ever.
  const destination = { write: (line: string) => void process.stdout.write(line) };
  return pino({ level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

/** Without a listener, or with one that gives up, the first line that cannot be written ends the process. */
function keepThroughLostOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners("error");
    stream.on("error", () => undefined);
  }
}

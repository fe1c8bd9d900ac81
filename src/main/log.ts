/** The control plane's own log: one JSON line per event on stdout, or readable lines on a terminal. Secrets are not logged, so none is scrubbed here. */
import { pino } from "pino";

export interface Log {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

export function createLog(): Log {
  const level = process.env.ONVERA_LOG_LEVEL ?? "info";
  return pino({ level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime });
}

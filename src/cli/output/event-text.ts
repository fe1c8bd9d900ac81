/** One line per event of an operation. */
import type { OperationEvent } from "../api/contract.ts";
import { safeText } from "./safe-text.ts";

type EventData = OperationEvent["data"];

const word = (data: EventData, name: string): string => {
  const value = data[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
};

const texts: Record<string, (data: EventData) => string> = {
  status: (data) => word(data, "status"),
  phase: (data) => `${word(data, "phase")} - ${word(data, "message")}`,
  resource: (data) =>
    [
      word(data, "action"),
      word(data, "state"),
      word(data, "type"),
      word(data, "name"),
      ...(data.duration_ms === undefined ? [] : [`(${word(data, "duration_ms")} ms)`]),
    ].join(" "),
  diagnostic: (data) => `${word(data, "severity")}: ${word(data, "message")}`,
  log: (data) => `${word(data, "process")}: ${word(data, "text")}`,
  step: (data) => word(data, "step"),
  attempt: (data) => [word(data, "attempt"), word(data, "cause")].filter(Boolean).join(" after "),
  end: (data) => word(data, "status"),
};

/** `12  2026-01-20T12:00:00Z  phase  provisioning_db - Provisioning database`; types not known show their data. */
export function eventText({ seq, at, type, data }: OperationEvent): string {
  const text = texts[type]?.(data) ?? JSON.stringify(data);
  return `${String(seq).padStart(4)}  ${at}  ${type.padEnd(10)}  ${safeText(text)}\n`;
}

/** One line per record of an operation's log. */
import type { OperationEvent } from "../api/types.ts";

type EventData = OperationEvent["data"];

const word = (data: EventData, name: string): string => {
  const value = data[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
};
const words = (data: EventData, ...names: string[]): string =>
  names
    .map((name) => word(data, name))
    .filter((part) => part !== "")
    .join(" ");

const members: Readonly<Record<string, readonly string[]>> = {
  status: ["status"],
  phase: ["message"],
  resource: ["action", "state", "type", "name"],
  diagnostic: ["severity", "message"],
  log: ["process", "text"],
  step: ["step"],
  attempt: ["attempt", "cause"],
  end: ["status"],
};

/** `12:00:03  phase       Provisioning database`; types not known show their data. */
export function eventText({ at, type, data }: OperationEvent): string {
  const names = members[type];
  const time = new Date(at).toLocaleTimeString("en-GB");
  return `${time}  ${type.padEnd(10)}  ${names ? words(data, ...names) : JSON.stringify(data)}`;
}

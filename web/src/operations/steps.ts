/** The resources an operation touched, as its records tell them. Pure. */
import type { OperationEvent } from "../api/types.ts";

export interface Step {
  urn: string;
  name: string;
  type: string;
  action: string;
  state: string;
  milliseconds: number | undefined;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** The last word on each resource, in the order they were begun. */
export function stepsOf(events: readonly OperationEvent[]): Step[] {
  const steps = new Map<string, Step>();
  for (const { type, data } of events) {
    const urn = text(data.urn);
    if (type !== "resource" || urn === "") continue;
    const took = data.duration_ms;
    steps.set(urn, {
      urn,
      name: text(data.name),
      type: text(data.type),
      action: text(data.action),
      state: text(data.state),
      milliseconds: typeof took === "number" ? took : steps.get(urn)?.milliseconds,
    });
  }
  return [...steps.values()];
}

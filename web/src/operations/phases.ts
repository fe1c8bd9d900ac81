/** An operation's phases as its event log tells them. */
import { createPhases, destroyPhases, phaseMessages } from "../../../src/domain/phases.ts";
import type { Operation, OperationEvent } from "../api/types.ts";
import { isOver } from "./words.ts";

export interface PhaseStep {
  phase: string;
  title: string;
  state: "done" | "current" | "failed" | "ahead" | "skipped";
  /** Milliseconds it took, or takes so far; undefined where it was not reached. */
  milliseconds: number | undefined;
}

/** Phases only some apps have. */
const optional = new Set(["running_migrations", "checking_health"]);
const withPhases: Readonly<Record<string, readonly string[]>> = {
  "deployment.create": createPhases,
  "deployment.destroy": destroyPhases,
};

/** `Provisioning database` for `provisioning_db`. */
export const phaseWords = (phase: string): string => (phaseMessages as Record<string, string>)[phase] ?? phase;

/**
 * The steps to show: all phases of the kind, each with its state and time.
 * @param now milliseconds, for the phase that still runs
 */
export function phaseSteps(operation: Operation, events: readonly OperationEvent[], now: number): PhaseStep[] {
  const reached = new Map<string, number>();
  for (const { type, at, data } of events) {
    if (type === "phase" && typeof data.phase === "string" && !reached.has(data.phase)) {
      reached.set(data.phase, Date.parse(at));
    }
  }
  const known = withPhases[operation.type] ?? [...reached.keys()];
  const order = known.filter((phase) => reached.has(phase) || !optional.has(phase));
  const current = operation.progress.phase;
  const over = isOver(operation);
  const end = operation.ended_at === null ? now : Date.parse(operation.ended_at);
  return order.map((phase, index) => {
    const from = reached.get(phase);
    const next = order.slice(index + 1).find((later) => reached.has(later));
    const isLast = from !== undefined && next === undefined;
    return {
      phase,
      title: phaseWords(phase),
      state: stateOf({
        isReached: from !== undefined,
        isLast,
        isCurrent: phase === current,
        over,
        status: operation.status,
      }),
      milliseconds: from === undefined ? undefined : Math.max(0, (next ? (reached.get(next) ?? end) : end) - from),
    };
  });
}

interface Standing {
  isReached: boolean;
  isLast: boolean;
  isCurrent: boolean;
  over: boolean;
  status: Operation["status"];
}

function stateOf({ isReached, isLast, isCurrent, over, status }: Standing): PhaseStep["state"] {
  if (!isReached) return over ? "skipped" : "ahead";
  if (!isLast) return "done";
  if (over) return status === "succeeded" ? "done" : "failed";
  return isCurrent || isLast ? "current" : "done";
}

/** When a trouble of a rollout is one that waiting does not mend, and what the operation's reader is told then. */
import { type FailureCode, failure } from "../../../domain/failures.ts";
import type { OperationError } from "../../../domain/operation.ts";
import type { RolloutTrouble, TroubleKind } from "./rollout.ts";

/**
 * Seconds a trouble may last. A registry that stumbles, a node that comes back or an autoscaler mends it within; a probe
 * may take as long as an application that starts on a busy node.
 */
export const graceSeconds: Readonly<Record<TroubleKind, number>> = {
  "image-missing": 20,
  "cannot-be-made": 30,
  crashes: 0,
  unschedulable: 60,
  evicted: 60,
  "node-gone": 90,
  quota: 20,
  refused: 20,
  stalled: 0,
  "not-ready": 600,
};

/** Starts after which a process that ends each time is not waited for. */
const GIVE_UP_AFTER_RESTARTS = 2;

const codes: Readonly<Record<TroubleKind, FailureCode>> = {
  "image-missing": "IMAGE_MISSING",
  "cannot-be-made": "POD_CANNOT_START",
  crashes: "PROCESS_CRASHES",
  unschedulable: "POD_UNSCHEDULABLE",
  evicted: "POD_UNSCHEDULABLE",
  "node-gone": "POD_UNSCHEDULABLE",
  quota: "QUOTA_EXCEEDED",
  refused: "CLUSTER_REFUSED",
  stalled: "PROCESS_NOT_READY",
  "not-ready": "PROCESS_NOT_READY",
};

export interface TroubleClock {
  /** The trouble that has lasted too long, if one has. */
  tooLong(troubles: readonly RolloutTrouble[]): RolloutTrouble | undefined;
}

/** @param now milliseconds of a clock that only rises */
export function createTroubleClock(
  now: () => number,
  grace: Readonly<Record<TroubleKind, number>> = graceSeconds,
): TroubleClock {
  const since = new Map<string, number>();
  return {
    tooLong(troubles) {
      const at = now();
      const keys = new Set(troubles.map(keyOf));
      for (const key of since.keys()) if (!keys.has(key)) since.delete(key);
      for (const key of keys) if (!since.has(key)) since.set(key, at);
      return troubles.find((trouble) => {
        if (trouble.kind === "crashes" && (trouble.restarts ?? 0) < GIVE_UP_AFTER_RESTARTS) return false;
        return at - (since.get(keyOf(trouble)) ?? at) >= grace[trouble.kind] * 1000;
      });
    },
  };
}

/** @param lastLines of the container, oldest first, already without secrets */
export function troubleError(
  { kind, process, pod, message }: RolloutTrouble,
  lastLines: readonly string[],
): OperationError {
  const where = pod === undefined ? "" : ` Pod ${pod}.`;
  const lines = lastLines.length === 0 ? {} : { last_log_lines: [...lastLines] };
  return failure(codes[kind], `The process '${process}' does not start. ${message}.${where}`, lines);
}

const keyOf = ({ process, kind }: RolloutTrouble): string => `${process} ${kind}`;

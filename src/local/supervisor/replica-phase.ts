/** The life of one copy of a process as a table: which phase follows which event. */
import type { processPhases } from "./protocol.ts";

export type ReplicaPhase = (typeof processPhases)[number];

export type ReplicaEvent = "start" | "readiness-good" | "readiness-bad" | "ended" | "delay-over" | "stop" | "stopped";

const table: Record<ReplicaPhase, Partial<Record<ReplicaEvent, ReplicaPhase>>> = {
  stopped: { start: "starting" },
  starting: { "readiness-good": "ready", "readiness-bad": "unready", ended: "backoff", stop: "stopping" },
  ready: { "readiness-bad": "unready", ended: "backoff", stop: "stopping" },
  unready: { "readiness-good": "ready", ended: "backoff", stop: "stopping" },
  backoff: { "delay-over": "starting", stop: "stopped" },
  stopping: { ended: "stopped", stopped: "stopped" },
};

/** The phase after an event; the same phase when the event means nothing in it. */
export function nextPhase(phase: ReplicaPhase, event: ReplicaEvent): ReplicaPhase {
  return table[phase][event] ?? phase;
}

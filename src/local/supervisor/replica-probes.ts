/** Turns a process's two probes into the three things a replica cares for: ready, not ready, dead. */
import type { Probe, WorkloadProcess } from "../../domain/workload.ts";
import type { ProbeQuestion } from "./probe-ask.ts";
import { startProbeLoop } from "./probe-loop.ts";
import type { ProbeListener, ReplicaRun } from "./replica.ts";

/** A process nobody can ask is taken for ready when it has lived this long. */
const SETTLE_MILLISECONDS = 500;

/**
 * Starts the probes of a run; answers how to stop them all.
 * @param question fills in a probe's references
 */
export function startReplicaProbes(
  definition: WorkloadProcess,
  run: ReplicaRun,
  question: (probe: Probe) => ProbeQuestion,
  on: ProbeListener,
): () => void {
  const { liveness, readiness } = definition;
  const stops: (() => void)[] = [];
  const { startedAt } = run.record;
  if (readiness === undefined && liveness === undefined) {
    const timer = setTimeout(() => on.ready(), run.adopted ? 0 : SETTLE_MILLISECONDS);
    stops.push(() => clearTimeout(timer));
  }
  if (readiness !== undefined) {
    const stop = startProbeLoop({
      startedAt,
      probe: readiness,
      question: question(readiness),
      eager: true,
      onVerdict: (verdict, detail) => {
        if (verdict === "good") on.ready();
        else if (verdict === "bad") on.notReady(detail);
        else on.waiting(detail);
      },
    });
    stops.push(stop);
  }
  if (liveness !== undefined) {
    const alone = readiness === undefined;
    const stop = startProbeLoop({
      startedAt,
      probe: liveness,
      question: question(liveness),
      eager: alone,
      onVerdict: (verdict, detail) => {
        if (verdict === "bad") on.dead(detail);
        else if (alone && verdict === "good") on.ready();
        else if (alone) on.waiting(detail);
      },
    });
    stops.push(stop);
  }
  return () => {
    for (const stop of stops) stop();
  };
}

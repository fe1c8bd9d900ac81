/** Asks a probe again and again: quickly until the first good answer, then at its own pace. */
import type { Probe } from "../../domain/workload.ts";
import { askProbe, type ProbeQuestion } from "./probe-ask.ts";
import { newProbeHistory, type ProbeVerdict, probeVerdict, recordAnswer } from "./probe-verdict.ts";

/** A connection attempt costs next to nothing, a command a whole program start. */
const EAGER_MILLISECONDS = { http: 150, heartbeat: 150, command: 1000 } as const;

/** No program listens sooner. */
const FIRST_MILLISECONDS = 50;

export interface ProbeLoopRequest {
  probe: Probe;
  question: ProbeQuestion;
  startedAt: number;
  /** Ask quickly until the first good answer: for the probe that decides when the process counts as ready. */
  eager: boolean;
  onVerdict(verdict: ProbeVerdict, detail: string): void;
}

/** Starts asking; answers how to stop. */
export function startProbeLoop(request: ProbeLoopRequest): () => void {
  const { probe, question } = request;
  const periodMilliseconds = probe.periodSeconds * 1000;
  const eagerMilliseconds = request.eager
    ? Math.min(periodMilliseconds, EAGER_MILLISECONDS[probe.kind])
    : periodMilliseconds;
  const limits = {
    failureThreshold: probe.failureThreshold,
    startupGraceMilliseconds: probe.startupGraceSeconds * 1000,
  };
  let history = newProbeHistory;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const ask = async (): Promise<void> => {
    const answer = await askProbe(question);
    if (stopped) return;
    history = recordAnswer(history, answer.ok);
    request.onVerdict(probeVerdict(history, limits, Date.now() - request.startedAt), answer.detail);
    // The listener may have ended this very process.
    if (stopped) return;
    const recovered = history.succeeded && history.failuresInRow < limits.failureThreshold;
    timer = setTimeout(ask, recovered ? periodMilliseconds : eagerMilliseconds);
  };

  timer = setTimeout(ask, request.eager ? Math.min(FIRST_MILLISECONDS, eagerMilliseconds) : periodMilliseconds);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

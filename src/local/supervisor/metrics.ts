/** What the copies of a deployment's processes use: cpu and memory of each with everything it started. */
import type { Deployment } from "./deployment.ts";
import type { ProcessRow } from "./process-row.ts";
import { memoryBytes, processTree, readProcesses } from "./process-table.ts";
import type { MetricsReport } from "./protocol.ts";

type ProcessFigures = MetricsReport["processes"];

/** Whoever asks for one deployment after the other is answered from one reading: it looks at the whole machine. */
const TABLE_KEPT_MILLISECONDS = 500;

/** A shorter span would be mostly rounding: the system counts cpu time in hundredths of a second. */
const SHORTEST_SPAN_MILLISECONDS = 900;

interface Sample {
  cpuSeconds: number;
  atMilliseconds: number;
  /** The figure worked out when the sample was taken. */
  cpuPercent: number;
}

export class ProcessMetrics {
  readonly #samples = new Map<string, Sample>();
  #table: { rows: ProcessRow[]; atMilliseconds: number } = { rows: [], atMilliseconds: 0 };

  /**
   * Figures of this half second. `cpuPercent` is since the last time somebody asked, or since the start; 100 is one core.
   */
  of(deployment: Deployment): ProcessFigures {
    const { rows, atMilliseconds: now } = this.#processes();
    const figures: ProcessFigures = [];
    for (const group of deployment.groups) {
      for (const replica of group.replicas) {
        const run = replica.run;
        const tree = run === undefined ? [] : processTree(rows, run.process.identity.pid);
        const cpuSeconds = tree.reduce((sum, row) => sum + row.cpuSeconds, 0);
        figures.push({
          name: group.name,
          replica: replica.index,
          cpuSeconds,
          cpuPercent: run === undefined ? 0 : this.#percent(run.record.runId, run.record.startedAt, cpuSeconds, now),
          memoryBytes: tree.reduce((sum, row) => sum + memoryBytes(row), 0),
          restarts: replica.state().restarts,
        });
      }
    }
    this.#forgetOld(now);
    return figures;
  }

  #processes() {
    const now = Date.now();
    const age = now - this.#table.atMilliseconds;
    if (age < 0 || age >= TABLE_KEPT_MILLISECONDS) this.#table = { rows: readProcesses(), atMilliseconds: now };
    return this.#table;
  }

  #percent(runId: string, startedAt: number, cpuSeconds: number, now: number): number {
    const last = this.#samples.get(runId);
    const since = last ?? { cpuSeconds: 0, atMilliseconds: startedAt };
    const milliseconds = Math.max(1, now - since.atMilliseconds);
    const long = milliseconds >= SHORTEST_SPAN_MILLISECONDS;
    if (last !== undefined && !long) return last.cpuPercent;
    const used = Math.max(0, cpuSeconds - since.cpuSeconds);
    const cpuPercent = Math.round((used / milliseconds) * 1_000_000) / 10;
    if (long) this.#samples.set(runId, { cpuSeconds, atMilliseconds: now, cpuPercent });
    return cpuPercent;
  }

  #forgetOld(now: number): void {
    for (const [runId, sample] of this.#samples)
      if (now - sample.atMilliseconds > 3_600_000) this.#samples.delete(runId);
  }
}

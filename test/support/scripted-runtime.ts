/** A runtime reader that tells a fixed story about every deployment, and lets a test add log lines. */
import { createLogFilter, type LogFilter } from "../../src/domain/log-filter.ts";
import type { LogRequest, RuntimeReader, RuntimeTarget } from "../../src/server/runtime-reader.ts";
import type { LogLineView } from "../../src/server/schemas/runtime.ts";

const AT = "2026-01-01T00:00:00Z";

export interface ScriptedRuntime extends RuntimeReader {
  /** Adds a line to a deployment's log; followers get it at once. */
  write(deploymentId: string, process: string, text: string): void;
  /** Followers that have not gone away. */
  followers(): number;
}

const passing = (filter: LogFilter = {}) => {
  const accepts = createLogFilter(filter);
  return (line: LogLineView) => accepts({ ...line, atMilliseconds: Date.parse(line.at) });
};

export function scriptedRuntime(): ScriptedRuntime {
  const lines = new Map<string, LogLineView[]>();
  const wakers = new Set<() => void>();
  const linesOf = (target: RuntimeTarget, { process, filter }: LogRequest) =>
    (lines.get(target.deploymentId) ?? [])
      .filter((line) => process === undefined || line.process === process)
      .filter(passing(filter));

  return {
    health: async () => ({
      status: "healthy",
      front_door: { ok: true, checked_at: AT, detail: "200" },
      processes: [
        {
          name: "web",
          wanted_replicas: 1,
          replicas: [{ replica: 0, phase: "ready", started_at: AT, restarts: 0, last_exit: null, reason: null }],
        },
      ],
      checked_at: AT,
    }),
    metrics: async () => ({
      at: AT,
      processes: [{ name: "web", replica: 0, cpu_seconds: 1.5, cpu_percent: 3, memory_bytes: 1024, restarts: 0 }],
      gateway: { requests: 1, errors: 0, bytes_out: 10, latency_milliseconds: { p50: 1, p95: 2, p99: 3 } },
    }),
    async *logs(target, request) {
      const { tail, after, follow, signal } = request;
      const past = linesOf(target, request).filter((line) => after === undefined || line.seq > after);
      const first = tail === "all" ? past : tail === 0 ? [] : past.slice(-tail);
      // Counted before the first line goes out: what is written meanwhile is new.
      let seen = linesOf(target, request).length;
      yield* first;
      if (!follow) return;
      let wake = () => {};
      const waker = () => wake();
      wakers.add(waker);
      signal.addEventListener("abort", waker);
      try {
        while (!signal.aborted) {
          const now = linesOf(target, request);
          yield* now.slice(seen);
          seen = now.length;
          await new Promise<void>((resolve) => {
            wake = resolve;
            if (signal.aborted || linesOf(target, request).length > seen) resolve();
          });
        }
      } finally {
        wakers.delete(waker);
      }
    },
    write(deploymentId, process, text) {
      const known = lines.get(deploymentId) ?? [];
      const seq = known.filter((line) => line.process === process).length + 1;
      lines.set(deploymentId, [...known, { seq, at: AT, process, replica: 0, stream: "stdout", text }]);
      for (const wake of wakers) wake();
    },
    followers: () => wakers.size,
  };
}

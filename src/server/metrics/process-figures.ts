/** What this server process uses: CPU, memory, event loop, database connections, open streams. */
import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { Family } from "./exposition.ts";

const NANOSECONDS = 1e9;
const RESOLUTION_MILLISECONDS = 20;

export interface ProcessFigureDeps {
  version: string;
  pool: { totalCount: number; idleCount: number; waitingCount: number };
  openStreams(): number;
}

export interface ProcessFigures {
  families(): Family[];
  stop(): void;
}

/** Begins to watch the event loop. The delays of one reading are those since the reading before. */
export function createProcessFigures({ version, pool, openStreams }: ProcessFigureDeps): ProcessFigures {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MILLISECONDS });
  delay.enable();
  const startedAt = Date.now() / 1000 - process.uptime();
  const gauge = (name: string, help: string, value: number): Family => ({
    name,
    type: "gauge",
    help,
    samples: [{ value }],
  });

  return {
    families() {
      const { user, system } = process.cpuUsage();
      const eventLoop = loopDelay(delay);
      delay.reset();
      return [
        {
          name: "onvera_build_info",
          type: "gauge",
          help: "The running version; always 1.",
          samples: [{ labels: { version, node: process.version }, value: 1 }],
        },
        {
          name: "process_cpu_seconds_total",
          type: "counter",
          help: "CPU time of this process.",
          samples: [{ value: (user + system) / 1e6 }],
        },
        gauge("process_resident_memory_bytes", "Memory of this process.", process.memoryUsage.rss()),
        gauge("process_start_time_seconds", "When this process started, since 1970.", startedAt),
        eventLoop,
        {
          name: "onvera_database_connections",
          type: "gauge",
          help: "Connections of this process's pool, and requests that wait for one.",
          samples: [
            { labels: { state: "busy" }, value: pool.totalCount - pool.idleCount },
            { labels: { state: "idle" }, value: pool.idleCount },
            { labels: { state: "awaited" }, value: pool.waitingCount },
          ],
        },
        gauge("onvera_event_streams", "Open streams (server-sent events) of this process.", openStreams()),
      ];
    },
    stop: () => void delay.disable(),
  };
}

/** The timer that measures comes late by itself: what is beyond its own pace is the delay. */
function loopDelay(delay: IntervalHistogram): Family {
  const seconds = (nanoseconds: number) =>
    Math.max(0, (Number.isFinite(nanoseconds) ? nanoseconds : 0) / NANOSECONDS - RESOLUTION_MILLISECONDS / 1000);
  const quantiles = [50, 99].map((percent) => ({
    labels: { quantile: String(percent / 100) },
    value: seconds(delay.percentile(percent)),
  }));
  return {
    name: "onvera_event_loop_delay_seconds",
    type: "gauge",
    help: "How late the event loop ran since the reading before; quantile 1 is the worst.",
    samples: delay.count === 0 ? [] : [...quantiles, { labels: { quantile: "1" }, value: seconds(delay.max) }],
  };
}

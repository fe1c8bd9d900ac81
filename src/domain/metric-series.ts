/** What is kept of a deployment's figures over time: one table of metrics, and how many samples become one. */

export interface MetricFacts {
  unit: "percent" | "bytes" | "count" | "milliseconds" | "seconds";
  /** What a span of several samples shows. */
  combine: "mean" | "sum" | "max";
}

/** Kept per copy of a process, and per deployment at its gateway or by its app. */
export const metrics = {
  cpu_percent: { unit: "percent", combine: "mean" },
  memory_bytes: { unit: "bytes", combine: "mean" },
  restarts: { unit: "count", combine: "max" },
  requests: { unit: "count", combine: "sum" },
  errors: { unit: "count", combine: "sum" },
  latency_p50: { unit: "milliseconds", combine: "mean" },
  latency_p95: { unit: "milliseconds", combine: "max" },
  latency_p99: { unit: "milliseconds", combine: "max" },
  scheduler_heartbeat_age: { unit: "seconds", combine: "max" },
  tasks_queued: { unit: "count", combine: "mean" },
  tasks_running: { unit: "count", combine: "mean" },
  tasks_failed: { unit: "count", combine: "max" },
} as const satisfies Record<string, MetricFacts>;

export type Metric = keyof typeof metrics;
export const metricNames = Object.keys(metrics) as [Metric, ...Metric[]];

export interface Series {
  metric: Metric;
  /** Undefined for what is of the whole deployment. */
  process?: { name: string; replica: number };
}

/** The series' name where samples are kept: `requests`, `cpu_percent web 0`. */
export const seriesName = ({ metric, process }: Series): string =>
  process === undefined ? metric : `${metric} ${process.name} ${process.replica}`;

/** Reads a series' name; undefined for one of another version. */
export function parseSeries(name: string): Series | undefined {
  const [metric = "", process, replica] = name.split(" ");
  if (!Object.hasOwn(metrics, metric)) return undefined;
  const known = metric as Metric;
  return process === undefined
    ? { metric: known }
    : { metric: known, process: { name: process, replica: Number(replica) } };
}

/** Values of one moment; null where one could not be told. */
export interface Sample {
  /** Milliseconds since 1970. */
  at: number;
  values: ReadonlyMap<string, number | null>;
}

export interface Grid {
  /** Of the first span, milliseconds since 1970. */
  startsAt: number;
  stepSeconds: number;
  spans: number;
}

/** Brings samples onto an even grid: each span is one value, null where nothing is known of it. */
export function onGrid(samples: readonly Sample[], grid: Grid): Map<string, (number | null)[]> {
  const { startsAt, stepSeconds, spans } = grid;
  const gathered = new Map<string, { metric: Metric; sums: Float64Array; most: Float64Array; counts: Uint32Array }>();
  for (const { at, values } of samples) {
    const span = Math.floor((at - startsAt) / 1000 / stepSeconds);
    if (span < 0 || span >= spans) continue;
    for (const [name, value] of values) {
      if (value === null) continue;
      const known = gathered.get(name) ?? emptySeries(name, spans);
      if (known === undefined) continue;
      gathered.set(name, known);
      known.sums[span] = (known.sums[span] ?? 0) + value;
      known.most[span] = Math.max(known.most[span] ?? value, value);
      known.counts[span] = (known.counts[span] ?? 0) + 1;
    }
  }
  const result = new Map<string, (number | null)[]>();
  for (const [name, { metric, sums, most, counts }] of gathered) {
    const { combine } = metrics[metric];
    result.set(
      name,
      Array.from(counts, (count, span) => {
        if (count === 0) return null;
        if (combine === "max") return most[span] ?? null;
        return (sums[span] ?? 0) / (combine === "mean" ? count : 1);
      }),
    );
  }
  return result;
}

function emptySeries(name: string, spans: number) {
  const series = parseSeries(name);
  if (series === undefined) return undefined;
  return {
    metric: series.metric,
    sums: new Float64Array(spans),
    most: new Float64Array(spans).fill(Number.NEGATIVE_INFINITY),
    counts: new Uint32Array(spans),
  };
}

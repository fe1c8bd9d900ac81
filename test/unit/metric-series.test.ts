import { describe, expect, it } from "vitest";
import { readingsOf } from "../../src/automation/metrics/readings.ts";
import { onGrid, parseSeries, type Sample, seriesName } from "../../src/domain/metric-series.ts";
import type { MetricsReport } from "../../src/local/supervisor/protocol.ts";

const report = (at: string, cpuSeconds: number, requests: number): MetricsReport => ({
  at,
  processes: [{ name: "web", replica: 0, cpuSeconds, cpuPercent: 0, memoryBytes: 100, restarts: 2 }],
  gateway: { requests, errors: 0, bytesOut: 0, latencyMilliseconds: { p50: 1, p95: 2, p99: 3 } },
});
const sample = (at: number, values: Record<string, number | null>): Sample => ({
  at: at * 1000,
  values: new Map(Object.entries(values)),
});

describe("figures over time (issue 7.4)", () => {
  it("says nothing of what was added until there is a report to compare with", () => {
    const first = readingsOf(report("2026-01-01T00:00:00Z", 10, 50), undefined);
    expect([first.get("cpu_percent web 0"), first.get("requests")]).toEqual([null, null]);
    expect([first.get("memory_bytes web 0"), first.get("restarts web 0"), first.get("latency_p95")]).toEqual([
      100, 2, 2,
    ]);
  });

  it("counts what was added since the report before, also by a counter that began anew", () => {
    const before = report("2026-01-01T00:00:00Z", 10, 50);
    const grown = readingsOf(report("2026-01-01T00:00:15Z", 13, 57), before);
    expect([grown.get("cpu_percent web 0"), grown.get("requests")]).toEqual([20, 7]);
    const anew = readingsOf(report("2026-01-01T00:00:15Z", 3, 4), before);
    expect([anew.get("cpu_percent web 0"), anew.get("requests")]).toEqual([20, 4]);
  });

  it("puts samples on an even grid by each metric's own rule, and null where nothing is known", () => {
    const samples = [
      sample(0, { cpu_percent: 10, requests: 1, latency_p95: 5 }),
      sample(15, { cpu_percent: 20, requests: 2, latency_p95: 9 }),
      sample(60, { cpu_percent: null, requests: 4 }),
      sample(999, { requests: 100 }),
    ];
    const grid = onGrid(samples, { startsAt: 0, stepSeconds: 30, spans: 3 });
    expect(Object.fromEntries(grid)).toEqual({
      cpu_percent: [15, null, null],
      requests: [3, null, 4],
      latency_p95: [9, null, null],
    });
  });

  it("reads the names it writes, and passes over those of another version", () => {
    const series = { metric: "cpu_percent", process: { name: "dag-processor", replica: 3 } } as const;
    expect(parseSeries(seriesName(series))).toEqual(series);
    expect(parseSeries(seriesName({ metric: "requests" }))).toEqual({ metric: "requests" });
    expect(parseSeries("gigaflops web 0")).toBeUndefined();
    expect(onGrid([sample(0, { gigaflops: 1 })], { startsAt: 0, stepSeconds: 1, spans: 1 }).size).toBe(0);
  });
});

/** From what a supervisor reports to what is kept: figures that only grow become what was added since the report before. */
import { type Metric, seriesName } from "../../domain/metric-series.ts";
import type { MetricsReport } from "../../local/supervisor/protocol.ts";

/** @param before the report of the last sample; without one there is no telling what was added */
export function readingsOf(report: MetricsReport, before: MetricsReport | undefined): Map<string, number | null> {
  const readings = new Map<string, number | null>();
  const seconds = before === undefined ? 0 : (Date.parse(report.at) - Date.parse(before.at)) / 1000;
  for (const { name, replica, cpuSeconds, memoryBytes, restarts } of report.processes) {
    const process = { name, replica };
    const earlier = before?.processes.find((one) => one.name === name && one.replica === replica);
    const used = earlier === undefined ? null : added(cpuSeconds, earlier.cpuSeconds);
    const percent = used === null || seconds <= 0 ? null : (used / seconds) * 100;
    readings.set(seriesName({ metric: "cpu_percent", process }), percent);
    readings.set(seriesName({ metric: "memory_bytes", process }), memoryBytes);
    readings.set(seriesName({ metric: "restarts", process }), restarts);
  }
  const { requests, errors, latencyMilliseconds: latency } = report.gateway;
  const earlier = before?.gateway;
  const ofDeployment: Partial<Record<Metric, number | null>> = {
    requests: earlier === undefined ? null : added(requests, earlier.requests),
    errors: earlier === undefined ? null : added(errors, earlier.errors),
    latency_p50: latency.p50,
    latency_p95: latency.p95,
    latency_p99: latency.p99,
  };
  for (const [metric, value] of Object.entries(ofDeployment)) readings.set(metric, value);
  return readings;
}

/** A counter that is smaller than before has begun anew: everything it shows has been added since. */
const added = (now: number, before: number): number => (now >= before ? now - before : now);

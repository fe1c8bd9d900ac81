/** From what a cluster measured of its pods to what is kept, by namespace. Pure. */
import { seriesName } from "../../domain/metric-series.ts";
import { type PodMetrics, usageOf } from "../../kubernetes/pod-usage.ts";
import type { ProcessCopy } from "../../kubernetes/process-copies.ts";

/** Far more than a deployment can have: a cluster is its owner's, and must not fill our database. */
const MOST_COPIES = 100;
/** What a column can hold. */
const MOST = 1e30;

/**
 * The series of each namespace. Those of a copy that nobody has measured yet are there without a value: kept series that
 * come and go would cost a row each time.
 */
export function podReadings(
  copies: ReadonlyMap<string, readonly ProcessCopy[]>,
  measured: readonly PodMetrics[],
): Map<string, Map<string, number | null>> {
  const byPod = new Map(measured.map(({ metadata, containers }) => [podKey(metadata), containers]));
  const readings = new Map<string, Map<string, number | null>>();
  for (const [namespace, own] of copies) {
    const series = new Map<string, number | null>();
    for (const { pod, process: name, replica, restarts } of own.slice(0, MOST_COPIES)) {
      const process = { name, replica };
      const used = usageIn(byPod.get(podKey({ namespace, name: pod })));
      series.set(seriesName({ metric: "cpu_percent", process }), used && plausible(used.cpuPercent));
      series.set(seriesName({ metric: "memory_bytes", process }), used && plausible(used.memoryBytes));
      series.set(seriesName({ metric: "restarts", process }), plausible(restarts));
    }
    readings.set(namespace, series);
  }
  return readings;
}

/** One name for a pod of a whole cluster. */
export const podKey = ({ namespace = "", name }: { namespace?: string; name: string }): string =>
  `${namespace}/${name}`;

function usageIn(containers: PodMetrics["containers"] | undefined) {
  if (containers === undefined) return null;
  try {
    return usageOf(containers);
  } catch {
    return null;
  }
}

const plausible = (value: number): number | null => (value >= 0 && value < MOST ? value : null);

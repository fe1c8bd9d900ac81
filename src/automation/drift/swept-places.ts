/** Where a worker looks for drift: on its own node, and on every Kubernetes cluster that carries deployments. */
import { populatedClusters } from "../../store/populated-clusters.ts";
import type { TargetDriver } from "../worker/target-driver.ts";
import { type DriftSweepDeps, type SweptPlace, sweepWhenDue } from "./drift-sweep.ts";

export interface SweptPlacesDeps extends Pick<DriftSweepDeps, "store" | "dataKeys"> {
  node: string;
  drivers: Readonly<Partial<Record<SweptPlace["kind"], TargetDriver>>>;
  log: { warn(fields: Record<string, unknown>, message: string): void };
}

/** Sweeps every place whose turn it is, all at once: one that does not answer is told of and keeps no other from it. */
export async function sweepPlacesDue(deps: SweptPlacesDeps, intervalSeconds: number): Promise<void> {
  const { store, dataKeys, node, drivers, log } = deps;
  const clusters = drivers.kubernetes === undefined ? [] : await store.asPlatform(populatedClusters);
  const places: SweptPlace[] = [
    { kind: "local", node },
    ...clusters.map(({ id }) => ({ kind: "kubernetes", clusterId: id }) as const),
  ];
  await Promise.all(
    places.map(async (place) => {
      const driver = drivers[place.kind];
      if (driver === undefined) return;
      try {
        const report = await sweepWhenDue({ store, dataKeys, place, driver }, intervalSeconds);
        if (report && report.queued.length > 0)
          log.warn({ ...place, ...report }, "Deployments are not as they were left");
      } catch (error) {
        log.warn(
          { ...place, error: String(error) },
          "Deployments could not be compared with what was recorded of them",
        );
      }
    }),
  );
}

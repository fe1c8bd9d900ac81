/**
 * Figures of all deployments of a Kubernetes cluster: one list of what its pods use for each sample, and one of the pods
 * themselves each minute, or when one was measured that is not known.
 */
import { DEPLOYMENT_LABEL, namespaceName } from "../../domain/kubernetes-names.ts";
import type { ClusterClient } from "../../kubernetes/client.ts";
import { listAll } from "../../kubernetes/follow-list.ts";
import type { Pod } from "../../kubernetes/objects.ts";
import { type PodMetrics, readPodUsage } from "../../kubernetes/pod-usage.ts";
import { type ProcessCopy, processCopies } from "../../kubernetes/process-copies.ts";
import type { Store } from "../../store/database.ts";
import { fine } from "../../store/metric-blocks.ts";
import { deploymentsOnCluster } from "../../store/populated-clusters.ts";
import { takeTurn } from "../../store/turns.ts";
import type { FigureSource } from "./figure-source.ts";
import { podKey, podReadings } from "./pod-readings.ts";

export interface ClusterFiguresDeps {
  store: Store;
  clusterId: string;
  /** Asked for each sample: the cluster may have been given other credentials. */
  open(): Promise<Pick<ClusterClient, "raw">>;
  now?(): number;
}

/** Workers tick at moments of their own: a sample may follow the one before after this share of the interval. */
const CLOSEST = 0.7;
const DEADLINE_MILLISECONDS = 10_000;
const PODS_EVERY_MILLISECONDS = 60_000;

interface KnownPods {
  listedAt: number;
  copies: ReadonlyMap<string, readonly ProcessCopy[]>;
  /** Keys of all that were listed, copies or not. */
  listed: ReadonlySet<string>;
}

/** Makes the source of one cluster; of several workers that ask, one at a time keeps its figures. */
export function clusterFigures({ store, clusterId, open, now = Date.now }: ClusterFiguresDeps): FigureSource {
  let known: KnownPods | undefined;

  const isCurrent = (pods: KnownPods, measured: readonly PodMetrics[]) =>
    now() - pods.listedAt < PODS_EVERY_MILLISECONDS &&
    measured.every(({ metadata }) => pods.listed.has(podKey(metadata)));

  const list = async (client: Pick<ClusterClient, "raw">, signal: AbortSignal): Promise<KnownPods> => {
    const path = `/api/v1/pods?labelSelector=${DEPLOYMENT_LABEL}`;
    const { items } = await listAll<Pod>(client, { what: "pods", path, signal });
    const listed = new Set(items.map(({ metadata }) => podKey(metadata)));
    return { listedAt: now(), copies: processCopies(items), listed };
  };

  return {
    async look(at) {
      const turn = { key: `cluster_figures:${clusterId}`, intervalSeconds: fine.seconds * CLOSEST, at: new Date(at) };
      const ids = await store.asPlatform(async (db) =>
        (await takeTurn(db, turn)) ? deploymentsOnCluster(db, clusterId) : undefined,
      );
      if (ids === undefined) return undefined;
      if (ids.length === 0) return new Map();
      const signal = AbortSignal.timeout(DEADLINE_MILLISECONDS);
      const client = await open();
      const measured = await readPodUsage(client, { selector: DEPLOYMENT_LABEL, signal });
      known = known && isCurrent(known, measured) ? known : await list(client, signal);
      const readings = podReadings(known.copies, measured);
      // By the namespace, which is ours to name, and only what this cluster carries: a label is anybody's to write.
      return new Map(
        ids.flatMap((id) => {
          const values = readings.get(namespaceName(id));
          return values === undefined ? [] : [[id, async () => ({ values })] as const];
        }),
      );
    },
  };
}

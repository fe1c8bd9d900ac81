/** Samples every cluster by itself: one that does not answer holds no other up, is asked less and less often, and is told of once. */
import type { Sampler } from "./sampler.ts";

export interface ClusterRoundsDeps<Cluster extends { id: string; name: string }> {
  /** Those there is something to sample on now. */
  clusters(): Promise<readonly Cluster[]>;
  samplerOf(cluster: Cluster): Sampler;
  log: {
    info(fields: Record<string, unknown>, message: string): void;
    warn(fields: Record<string, unknown>, message: string): void;
  };
  now?(): number;
}

const FIRST_PAUSE_MILLISECONDS = 20_000;
const LONGEST_PAUSE_MILLISECONDS = 300_000;

interface Known {
  sampler: Sampler;
  busy: boolean;
  /** In a row. */
  failures: number;
  notBefore: number;
}

export interface ClusterRounds {
  /** Samples every cluster that is due; ends when each has answered, or has not in time. */
  sample(): Promise<void>;
  stop(): Promise<void>;
}

/** Makes the rounds; `startSampling` keeps them going. */
export function createClusterRounds<Cluster extends { id: string; name: string }>({
  clusters,
  samplerOf,
  log,
  now = Date.now,
}: ClusterRoundsDeps<Cluster>): ClusterRounds {
  const known = new Map<string, Known>();

  const sampleOne = async (cluster: Cluster) => {
    const one = known.get(cluster.id) ?? { sampler: samplerOf(cluster), busy: false, failures: 0, notBefore: 0 };
    known.set(cluster.id, one);
    if (one.busy || now() < one.notBefore) return;
    const about = { cluster_id: cluster.id, cluster: cluster.name };
    one.busy = true;
    try {
      // Another worker's sample says nothing of how this one reaches the cluster.
      if (!(await one.sampler.sample())) return;
      if (one.failures > 0) log.info(about, "The figures of its deployments are kept again");
      one.failures = 0;
    } catch (error) {
      one.failures += 1;
      one.notBefore = now() + pauseAfter(one.failures);
      if (one.failures > 1) return;
      const next = "It is asked again with growing pauses.";
      log.warn({ ...about, error: String(error) }, `The figures of its deployments could not be read. ${next}`);
    } finally {
      one.busy = false;
    }
  };

  return {
    async sample() {
      const there = await clusters();
      for (const id of known.keys()) if (!there.some((cluster) => cluster.id === id)) known.delete(id);
      await Promise.all(there.map(sampleOne));
    },
    stop: async () => void (await Promise.all([...known.values()].map(({ sampler }) => sampler.stop()))),
  };
}

const pauseAfter = (failures: number): number =>
  Math.min(FIRST_PAUSE_MILLISECONDS * 2 ** (failures - 1), LONGEST_PAUSE_MILLISECONDS);

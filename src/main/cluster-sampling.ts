/** Keeps the figures of deployments on Kubernetes clusters, for as long as a worker runs. */
import { clusterFigures } from "../automation/metrics/cluster-figures.ts";
import { type ClusterRoundsDeps, createClusterRounds } from "../automation/metrics/cluster-rounds.ts";
import { createSampler, type Sampler, startSampling } from "../automation/metrics/sampler.ts";
import { type PopulatedCluster, populatedClusters } from "../store/populated-clusters.ts";
import type { Installation } from "./installation.ts";
import type { OpenKubernetesPlace } from "./kubernetes-places.ts";

export interface ClusterSamplingDeps extends Pick<Installation, "store"> {
  open: OpenKubernetesPlace;
  log: ClusterRoundsDeps<PopulatedCluster>["log"];
}

/** Begins with the clusters there are, and takes in those that come. */
export function startClusterSampling({ store, open, log }: ClusterSamplingDeps): Pick<Sampler, "stop"> {
  const rounds = createClusterRounds({
    clusters: () => store.asPlatform(populatedClusters),
    samplerOf({ id: clusterId, environmentId }) {
      const source = clusterFigures({ store, clusterId, open: async () => (await open(environmentId)).client });
      return createSampler({ store, source, log });
    },
    log,
  });
  return startSampling(rounds, log);
}

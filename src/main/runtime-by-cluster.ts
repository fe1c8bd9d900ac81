/** One reader for all deployments: each is asked about where it runs. */
import { noRuntime, type RuntimeReader, type RuntimeTarget } from "../server/runtime-reader.ts";

/** Sends each question on by the kind of the deployment's cluster. */
export function runtimeByCluster(readers: Record<"local" | "kubernetes", RuntimeReader>): RuntimeReader {
  const readerOf = ({ clusterKind }: RuntimeTarget) => (clusterKind === "eks" ? noRuntime : readers[clusterKind]);
  return {
    health: (target) => readerOf(target).health(target),
    metrics: (target) => readerOf(target).metrics(target),
    logs: (target, request) => readerOf(target).logs(target, request),
  };
}

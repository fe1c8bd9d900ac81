/** How the server looks at running deployments: a port, so that it knows no target. */
import type { LogFilter } from "../domain/log-filter.ts";
import type { HealthView, LogLineView, MetricsView } from "./schemas/runtime.ts";

/** Which deployment, and where it runs. */
export interface RuntimeTarget {
  deploymentId: string;
  clusterKind: "local" | "kubernetes" | "eks";
  /** The node of a local cluster. */
  node: string | null;
  environmentId: string;
  appType: string;
  /** Public address of the front door. */
  url: string;
}

export interface LogRequest {
  process?: string | undefined;
  /** How many of the last lines; `all` gives whatever is kept, merged by time, and ends. */
  tail: number | "all";
  after?: number | undefined;
  follow: boolean;
  filter?: LogFilter;
  signal: AbortSignal;
}

export interface RuntimeReader {
  /** Health now. @throws RuntimeUnavailable when the node cannot be asked */
  health(target: RuntimeTarget): Promise<HealthView>;
  metrics(target: RuntimeTarget): Promise<MetricsView>;
  logs(target: RuntimeTarget, request: LogRequest): AsyncIterable<LogLineView>;
}

/** The place where the deployment runs cannot be asked now. */
export class RuntimeUnavailable extends Error {
  override readonly name = "RuntimeUnavailable";
}

/** A reader for installations with no cluster to look at. */
export const noRuntime: RuntimeReader = {
  health: () => Promise.reject(new RuntimeUnavailable("No node is connected to this server.")),
  metrics: () => Promise.reject(new RuntimeUnavailable("No node is connected to this server.")),
  // biome-ignore lint/correctness/useYield: it fails before the first line
  async *logs() {
    throw new RuntimeUnavailable("No node is connected to this server.");
  },
};

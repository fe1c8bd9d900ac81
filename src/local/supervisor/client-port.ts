/** The supervisor as its callers see it: one method per row of the table in `protocol.ts`. */

import type { z } from "zod";
import type { LogFilter } from "../../domain/log-filter.ts";
import type {
  DeploymentState,
  HealthReport,
  Identity,
  JobResult,
  LogLine,
  MetricsReport,
  PackageBody,
  RouteBody,
} from "./protocol.ts";

/** What the supervisor refused, or failed to do. `status` is the HTTP status; 0 when it could not be reached at all. */
export class SupervisorError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SupervisorError";
    this.status = status;
    this.code = code;
  }
}

export interface CallOptions {
  /** Ends the call, not the work behind it: a running job goes on in the supervisor. */
  signal?: AbortSignal;
}

export interface LogQuery extends LogFilter {
  process?: string;
  /** How many of the last lines to start with; `all` gives whatever is kept and ends. */
  tail?: number | "all";
  /** Only lines with a `seq` above this one. */
  after?: number;
  follow?: boolean;
  signal?: AbortSignal;
}

/** Every method throws SupervisorError. Every PUT and DELETE may be repeated without harm. */
export interface SupervisorClient {
  /** `GET /status`, as the supervisor says it. */
  status(): Promise<unknown>;
  /** Reserves uid and folders. */
  putDeployment(deploymentId: string): Promise<Identity>;
  /** Stops everything and removes folders; absent is fine. */
  deleteDeployment(deploymentId: string): Promise<void>;
  /** Null when the supervisor does not know it. */
  getDeployment(deploymentId: string): Promise<DeploymentState | null>;
  putSecrets(deploymentId: string, secrets: Record<string, string>): Promise<void>;
  /** Leases loopback ports by name; answers every port the deployment holds. */
  putPorts(deploymentId: string, names: string[]): Promise<Record<string, number>>;
  putPackage(deploymentId: string, body: z.infer<typeof PackageBody>): Promise<void>;
  putFiles(deploymentId: string, revision: string): Promise<void>;
  /** Waits for the job's end. A job that failed is a result with its exit code, not an error. */
  putJob(deploymentId: string, name: string, revision: string, options?: CallOptions): Promise<JobResult>;
  /** Sets what is wanted of one process; does not wait for it. */
  putProcess(deploymentId: string, name: string, revision: string): Promise<void>;
  deleteProcess(deploymentId: string, name: string): Promise<void>;
  putRoute(host: string, body: z.infer<typeof RouteBody>): Promise<void>;
  deleteRoute(host: string): Promise<void>;
  putRouteMode(host: string, mode: "open" | "closed"): Promise<void>;
  /** Fetches the git source now; answers the commit it is at. */
  postSource(deploymentId: string, revision: string, options?: CallOptions): Promise<{ commit: string }>;
  getHealth(deploymentId: string): Promise<HealthReport>;
  getMetrics(deploymentId: string): Promise<MetricsReport>;
  getLogs(deploymentId: string, query: LogQuery): AsyncIterable<LogLine>;
}

/** What a worker process of a test is told. */
import type { RunnerEngineOptions } from "../../src/automation/runner-engine.ts";
import type { WorkerTimings } from "../../src/automation/worker/start.ts";

export interface WorkerProcessConfig {
  connectionString: string;
  masterKey: string;
  node: string;
  ledgerFolder: string;
  engine: Omit<RunnerEngineOptions, "providers">;
  timings: Partial<WorkerTimings>;
  /** Hold the provider host at this side effect for good. */
  stopAt?: { point: "before-call" | "after-side-effect"; name: string };
}

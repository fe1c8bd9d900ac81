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
  /** The bundled provider process. */
  providerScript: string;
  /** Socket of the gate that may hold a side effect. */
  gate: string;
  /** Gets a line around each side effect. */
  sideEffectLedger: string;
}

/** `/metrics`: everything there is to read, put together. */
import type { Store } from "../../store/database.ts";
import type { ServerLog } from "../deps.ts";
import { controlPlaneFigures } from "./control-plane-figures.ts";
import { exposition, type Family } from "./exposition.ts";
import { createProcessFigures } from "./process-figures.ts";
import { type AnsweredRequest, createRequestFigures } from "./request-figures.ts";

export interface Metrics {
  answered(request: AnsweredRequest): void;
  /** The figures of this moment; without the database, those of this process and that the database is away. */
  text(): Promise<string>;
  stop(): void;
}

export interface MetricsDeps {
  store: Store;
  version: string;
  log: ServerLog;
  openStreams(): number;
}

/** Begins to count. */
export function createMetrics({ store, version, log, openStreams }: MetricsDeps): Metrics {
  const requests = createRequestFigures();
  const ownProcess = createProcessFigures({ version, pool: store.pool, openStreams });
  const up = (value: number): Family => ({
    name: "onvera_database_up",
    type: "gauge",
    help: "Whether the database answered this reading.",
    samples: [{ value }],
  });

  return {
    answered: (request) => requests.record(request),
    async text() {
      const stored = await store.asPlatform(controlPlaneFigures).then(
        (families) => [up(1), ...families],
        (error: unknown) => {
          log.info({ err: error }, "The control plane's figures could not be read");
          return [up(0)];
        },
      );
      return exposition([...stored, ...requests.families(), ...ownProcess.families()]);
    },
    stop: () => ownProcess.stop(),
  };
}

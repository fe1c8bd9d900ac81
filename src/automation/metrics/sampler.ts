/** Looks at every deployment of a node: keeps its figures, 15 s for a day and 5 minutes for a week, and notes its health. */
import { sql } from "kysely";
import { onGrid } from "../../domain/metric-series.ts";
import type { SupervisorClient } from "../../local/supervisor/client-port.ts";
import { type MetricsReport, SupervisorStatus } from "../../local/supervisor/protocol.ts";
import type { Scoped, Store } from "../../store/database.ts";
import { recordHealth } from "../../store/deployment-health.ts";
import {
  appendSample,
  coarse,
  fine,
  lastSampleBefore,
  readSamples,
  removeOldBlocks,
} from "../../store/metric-blocks.ts";
import { readingsOf } from "./readings.ts";

export interface SamplerDeps {
  store: Store;
  supervisor: Pick<SupervisorClient, "status" | "getMetrics" | "getHealth">;
  node: string;
  /** One worker of a node samples: the one that has answered longest. */
  workerId: string;
  log: { warn(fields: Record<string, unknown>, message: string): void };
  /** What the deployment's app says of itself. @default nothing */
  appReadings?(deploymentId: string): Promise<ReadonlyMap<string, number | null>>;
  now?(): number;
}

export interface Sampler {
  /** Takes one sample of everything, and what else is due. */
  sample(): Promise<void>;
  stop(): Promise<void>;
}

/** A worker that says nothing for so long leaves the sampling to the next one. */
const SILENT_SECONDS = 60;

/** Makes a sampler; `startSampling` keeps it going. */
export function createSampler(deps: SamplerDeps): Sampler {
  const { store, supervisor, log, now = Date.now, appReadings = async () => new Map() } = deps;
  const before = new Map<string, MetricsReport>();
  const windowOf = (at: number) => Math.floor(at / 1000 / coarse.seconds);
  let lastWindow: number | undefined;
  let running: Promise<void> | undefined;

  const sampleOne = async (deploymentId: string, at: number) => {
    const [report, health, ofApp] = await Promise.all([
      supervisor.getMetrics(deploymentId),
      supervisor.getHealth(deploymentId),
      appReadings(deploymentId),
    ]);
    const values = new Map([...readingsOf(report, before.get(deploymentId)), ...ofApp]);
    before.set(deploymentId, report);
    await store.asPlatform(async (db) => {
      await appendSample(db, deploymentId, fine, { at, values });
      await recordHealth(db, deploymentId, { status: health.status, detail: health.frontDoor.detail });
    });
  };
  const each = async (ids: readonly string[], work: (id: string) => Promise<unknown>, failed: string) => {
    for (const id of ids)
      await work(id).catch((error: unknown) => log.warn({ deployment_id: id, error: String(error) }, failed));
  };
  const round = async () => {
    const at = now();
    const { deployments } = SupervisorStatus.parse(await supervisor.status());
    const ids = deployments.map(({ deploymentId }) => deploymentId);
    for (const id of before.keys()) if (!ids.includes(id)) before.delete(id);
    if (ids.length === 0 || !(await store.asPlatform((db) => isFirst(db, deps)))) return;
    await each(ids, (id) => sampleOne(id, at), "Its figures could not be kept");
    if (windowOf(at) === lastWindow) return;
    lastWindow = windowOf(at);
    await each(ids, (id) => store.asPlatform((db) => rollUp(db, id, at)), "Its figures could not be rolled up");
    for (const resolution of [fine, coarse]) {
      while (await store.asPlatform((db) => removeOldBlocks(db, resolution))) {}
    }
  };

  return {
    sample() {
      running ??= round().finally(() => {
        running = undefined;
      });
      return running;
    },
    stop: async () => void (await running?.catch(() => undefined)),
  };
}

/** Samples every 15 s until it is stopped. */
export function startSampling(deps: SamplerDeps): { stop(): Promise<void> } {
  const sampler = createSampler(deps);
  const timer = setInterval(() => {
    sampler
      .sample()
      .catch((error: unknown) => deps.log.warn({ error: String(error) }, "No figures could be kept this time"));
  }, fine.seconds * 1000);
  return {
    stop() {
      clearInterval(timer);
      return sampler.stop();
    },
  };
}

/** Makes one sample of the newest five minutes that are over and have any: after a pause of the sampler these may be older ones. */
async function rollUp(db: Scoped, deploymentId: string, at: number): Promise<void> {
  const step = coarse.seconds * 1000;
  const end = Math.floor(at / step) * step;
  const last = await lastSampleBefore(db, deploymentId, fine, new Date(end));
  if (last === undefined) return;
  const startsAt = Math.floor(last.getTime() / step) * step;
  const span = { from: new Date(startsAt), to: new Date(startsAt + step) };
  const samples = await readSamples(db, deploymentId, fine, span);
  const grid = onGrid(samples, { startsAt, stepSeconds: coarse.seconds, spans: 1 });
  const values = new Map([...grid].map(([name, [value = null]]) => [name, value]));
  if (values.size > 0) await appendSample(db, deploymentId, coarse, { at: startsAt, values });
}

async function isFirst(db: Scoped, { node, workerId }: SamplerDeps): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`SELECT id FROM workers
    WHERE node = ${node} AND stopped_at IS NULL AND heartbeat_at > now() - make_interval(secs => ${SILENT_SECONDS})
    ORDER BY started_at, id LIMIT 1`.execute(db);
  return rows[0]?.id === workerId;
}

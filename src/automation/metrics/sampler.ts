/** Keeps the figures of a source's deployments, 15 s for a day and 5 minutes for a week, and notes their health. */
import { onGrid } from "../../domain/metric-series.ts";
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
import type { FigureSource, Figures } from "./figure-source.ts";

export interface SamplerDeps {
  store: Store;
  source: FigureSource;
  log: { warn(fields: Record<string, unknown>, message: string): void };
  now?(): number;
}

export interface Sampler {
  /**
   * Takes one sample of everything, and what else is due.
   * @returns whether it was this worker's to take
   * @throws when the source does not answer
   */
  sample(): Promise<boolean>;
  /** Waits for what is under way. */
  stop(): Promise<void>;
}

/** Makes a sampler; `startSampling` keeps it going. */
export function createSampler({ store, source, log, now = Date.now }: SamplerDeps): Sampler {
  const windowOf = (at: number) => Math.floor(at / 1000 / coarse.seconds);
  let lastWindow: number | undefined;
  let running: Promise<boolean> | undefined;

  const keep = (deploymentId: string, at: number, { values, health }: Figures) =>
    store.asPlatform(async (db) => {
      await appendSample(db, deploymentId, fine, { at, values });
      if (health !== undefined) await recordHealth(db, deploymentId, health);
    });
  const each = async (ids: Iterable<string>, work: (id: string) => Promise<unknown>, failed: string) => {
    for (const id of ids)
      await work(id).catch((error: unknown) => log.warn({ deployment_id: id, error: String(error) }, failed));
  };
  const round = async () => {
    const at = now();
    const readers = await source.look(at);
    if (readers === undefined || readers.size === 0) return readers !== undefined;
    const keepOne = async (id: string) => {
      const figures = await readers.get(id)?.();
      if (figures !== undefined) await keep(id, at, figures);
    };
    await each(readers.keys(), keepOne, "Its figures could not be kept");
    if (windowOf(at) === lastWindow) return true;
    lastWindow = windowOf(at);
    const rollUpOne = (id: string) => store.asPlatform((db) => rollUp(db, id, at));
    await each(readers.keys(), rollUpOne, "Its figures could not be rolled up");
    for (const resolution of [fine, coarse]) {
      while (await store.asPlatform((db) => removeOldBlocks(db, resolution))) {}
    }
    return true;
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
export function startSampling(
  sampler: { sample(): Promise<unknown>; stop(): Promise<void> },
  log: SamplerDeps["log"],
): Pick<Sampler, "stop"> {
  const timer = setInterval(() => {
    sampler
      .sample()
      .catch((error: unknown) => log.warn({ error: String(error) }, "No figures could be kept this time"));
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

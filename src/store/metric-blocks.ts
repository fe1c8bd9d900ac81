/** Blocks of samples in the database: adding one, reading a span, removing what is old. */
import { sql } from "kysely";
import type { Sample } from "../domain/metric-series.ts";
import type { Scoped } from "./database.ts";

export interface Resolution {
  /** Between two samples. */
  seconds: number;
  /** How much time one row holds. */
  blockSeconds: number;
  keptSeconds: number;
}

const HOUR = 3600;
/** 15 s for a day, 5 min for a week. */
export const fine: Resolution = { seconds: 15, blockSeconds: 300, keptSeconds: 24 * HOUR };
export const coarse: Resolution = { seconds: 300, blockSeconds: 2 * HOUR, keptSeconds: 7 * 24 * HOUR };

/** Samples that come sooner after the one before are another worker's of the same moment. */
const CLOSEST = 0.7;
const BATCH = 500;

/**
 * Adds a sample to the deployment's newest block, or begins a new one: when it is full, or when other series are told of.
 * @returns false when the deployment is not known, or has a sample of this moment or a later one already
 */
export async function appendSample(
  db: Scoped,
  deploymentId: string,
  resolution: Resolution,
  { at, values }: Sample,
): Promise<boolean> {
  const { seconds, blockSeconds } = resolution;
  // One order, so that a block goes on however the values were gathered.
  const series = [...values.keys()].sort();
  const readings = series.map((name) => values.get(name) ?? null);
  const moment = new Date(at);
  const newest = new Date(at - seconds * CLOSEST * 1000);
  const { rows } = await sql`
    WITH appended AS (
      UPDATE metric_blocks SET last_at = ${moment}, readings = readings || ${readings}::real[],
        offsets = offsets || extract(epoch FROM ${moment} - starts_at)::smallint
      WHERE deployment_id = ${deploymentId} AND resolution_seconds = ${seconds}
        AND starts_at > ${new Date(at - blockSeconds * 1000)} AND last_at <= ${newest} AND series = ${series}::text[]
        AND starts_at = (SELECT max(starts_at) FROM metric_blocks
          WHERE deployment_id = ${deploymentId} AND resolution_seconds = ${seconds})
      RETURNING 1
    ), begun AS (
      INSERT INTO metric_blocks
        (deployment_id, organization_id, resolution_seconds, starts_at, last_at, offsets, series, readings)
      SELECT id, organization_id, ${seconds}, ${moment}, ${moment}, '{0}', ${series}, ${readings}
      FROM deployments WHERE id = ${deploymentId} AND NOT EXISTS (SELECT FROM appended)
        AND NOT EXISTS (SELECT FROM metric_blocks WHERE deployment_id = ${deploymentId}
          AND resolution_seconds = ${seconds} AND starts_at > ${new Date(at - 2 * blockSeconds * 1000)}
          AND last_at > ${newest})
      ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT 1 FROM appended UNION ALL SELECT 1 FROM begun`.execute(db);
  return rows.length > 0;
}

/** The samples of a span, oldest first. @param to excluded */
export async function readSamples(
  db: Scoped,
  deploymentId: string,
  resolution: Resolution,
  { from, to }: { from: Date; to: Date },
): Promise<Sample[]> {
  const blocks = await db
    .selectFrom("metric_blocks")
    .select(["starts_at", "offsets", "series", "readings"])
    .where("deployment_id", "=", deploymentId)
    .where("resolution_seconds", "=", resolution.seconds)
    .where("starts_at", ">", new Date(from.getTime() - resolution.blockSeconds * 1000))
    .where("starts_at", "<", to)
    .orderBy("starts_at")
    .execute();
  return blocks
    .flatMap(({ starts_at: startsAt, offsets, series, readings }) =>
      offsets.map((offset, index) => ({
        at: startsAt.getTime() + offset * 1000,
        values: new Map(series.map((name, place) => [name, readings[index * series.length + place] ?? null])),
      })),
    )
    .filter(({ at }) => at >= from.getTime() && at < to.getTime());
}

/** When the deployment's last sample before a moment was, within a block's reach; undefined when there is none. */
export async function lastSampleBefore(
  db: Scoped,
  deploymentId: string,
  { seconds }: Resolution,
  before: Date,
): Promise<Date | undefined> {
  const { rows } = await sql<{ at: Date | null }>`
    SELECT max(least(last_at, ${before}::timestamptz - interval '1 millisecond')) AS at FROM metric_blocks
    WHERE deployment_id = ${deploymentId} AND resolution_seconds = ${seconds} AND starts_at < ${before}`.execute(db);
  return rows[0]?.at ?? undefined;
}

/** Removes one batch of blocks that are older than they are kept. @returns whether there may be more */
export async function removeOldBlocks(
  db: Scoped,
  { seconds, blockSeconds, keptSeconds }: Resolution,
): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`DELETE FROM metric_blocks WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM metric_blocks WHERE resolution_seconds = ${seconds}
        AND starts_at < now() - make_interval(secs => ${keptSeconds + blockSeconds})
      ORDER BY starts_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED))`.execute(db);
  return numAffectedRows >= BATCH;
}

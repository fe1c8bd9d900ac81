/** A deployment's figures over time, from what the node's worker kept. */
import type { z } from "zod";
import { type Grid, metricNames, metrics, onGrid, parseSeries } from "../../domain/metric-series.ts";
import { timestamp } from "../../domain/timestamps.ts";
import type { Scoped } from "../../store/database.ts";
import { coarse, fine, readSamples } from "../../store/metric-blocks.ts";
import type { MetricsHistoryQuery, MetricsHistoryView } from "../schemas/runtime.ts";
import { refuseEmptySpan } from "./audit-log.ts";

/** Seconds, by the word that asks for them. */
const steps = { "15s": 15, "1m": 60, "5m": 300, "15m": 900, "1h": 3600 } as const;
/** More than a chart can show. */
const AUTO_SPANS = 300;
const DEFAULT_SPAN_MILLISECONDS = 3_600_000;

export interface HistorySpan extends Grid {
  /** Before it only the coarse samples are kept. */
  fineFrom: number;
}

/**
 * The grid a request asks for, within what is kept.
 * @throws OnveraError INVALID_REQUEST when it begins after its end
 */
export function spanOf(query: z.infer<typeof MetricsHistoryQuery>, now: Date): HistorySpan {
  refuseEmptySpan(query);
  const to = Math.min(now.getTime(), query.to === undefined ? now.getTime() : Date.parse(query.to));
  const oldest = now.getTime() - coarse.keptSeconds * 1000;
  const wanted = query.from === undefined ? to - DEFAULT_SPAN_MILLISECONDS : Date.parse(query.from);
  const from = Math.max(oldest, Math.min(wanted, to));
  const fineFrom = now.getTime() - fine.keptSeconds * 1000;
  const least = from < fineFrom ? coarse.seconds : fine.seconds;
  const spansAt = (step: number) => Math.ceil((to - from) / 1000 / step);
  const chosen =
    query.resolution === "auto"
      ? Object.values(steps).find((step) => step >= least && spansAt(step) <= AUTO_SPANS)
      : Math.max(least, steps[query.resolution]);
  const stepSeconds = chosen ?? steps["1h"];
  const startsAt = Math.floor(from / 1000 / stepSeconds) * stepSeconds * 1000;
  const spans = Math.max(1, Math.ceil((to - startsAt) / 1000 / stepSeconds));
  return { startsAt, stepSeconds, spans, fineFrom: Math.ceil(fineFrom / 1000 / stepSeconds) * stepSeconds * 1000 };
}

/** Reads the span; series that have no value in it are left out. */
export async function metricsHistory(db: Scoped, deploymentId: string, span: HistorySpan): Promise<MetricsHistoryView> {
  const { startsAt, stepSeconds, spans, fineFrom } = span;
  const end = startsAt + spans * stepSeconds * 1000;
  const cut = Math.min(end, Math.max(startsAt, fineFrom));
  const older = cut === startsAt ? [] : await samples(db, deploymentId, coarse, startsAt, cut);
  const newer = await samples(db, deploymentId, fine, cut, end);
  const grid = onGrid([...older, ...newer], span);
  const series = [...grid].flatMap(([name, values]) => {
    const known = parseSeries(name);
    if (known === undefined) return [];
    const { metric, process } = known;
    const about = { metric, unit: metrics[metric].unit };
    return { ...about, process: process?.name ?? null, replica: process?.replica ?? null, values: values.map(rounded) };
  });
  series.sort((a, b) => metricNames.indexOf(a.metric) - metricNames.indexOf(b.metric));
  return {
    from: timestamp(new Date(startsAt)),
    to: timestamp(new Date(end)),
    resolution_seconds: stepSeconds,
    series,
  };
}

const samples = (db: Scoped, deploymentId: string, resolution: typeof fine, from: number, to: number) =>
  readSamples(db, deploymentId, resolution, { from: new Date(from), to: new Date(to) });

const rounded = (value: number | null) => (value === null ? null : Math.round(value * 100) / 100);

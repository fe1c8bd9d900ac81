/**
 * What the whole control plane does, read from its tables: the same from every server, however many servers and workers
 * there are. Labels are words of our own; nothing a customer named, and no id, is among them.
 */
import { sql } from "kysely";
import type { Scoped } from "../../store/database.ts";
import { LEASE_LOSSES_KEY } from "../../store/lease-losses.ts";
import { LOST_MILLISECONDS } from "../views/organization-view.ts";
import { type Distribution, type Family, histogramSamples, type Labels } from "./exposition.ts";

/** Seconds. */
const BOUNDS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600];

/** Reads them all in one transaction of the platform. */
export async function controlPlaneFigures(db: Scoped): Promise<Family[]> {
  const ended = await endedOperations(db);
  const now = await standing(db);
  const results = new Map<string, { labels: Labels; value: number }>();
  for (const { type, status, count } of ended) {
    const known = results.get(`${type} ${status}`) ?? { labels: { type, result: status }, value: 0 };
    results.set(`${type} ${status}`, { ...known, value: known.value + count });
  }
  const counter = (name: string, help: string, value: number): Family => ({
    name,
    type: "counter",
    help,
    samples: [{ value }],
  });
  const gauge = (name: string, help: string, samples: Family["samples"]): Family => ({
    name,
    type: "gauge",
    help,
    samples,
  });
  const { queue, deployments, workers, claims, leaseLosses, deliveries } = now;
  return [
    {
      name: "onvera_operations_total",
      type: "counter",
      help: "Operations that have ended, by type and result.",
      samples: [...results.values()],
    },
    {
      name: "onvera_operation_duration_seconds",
      type: "histogram",
      help: "Time from request to end, waiting included.",
      samples: histogramSamples(BOUNDS, distributions(ended)),
    },
    gauge("onvera_operations_queued", "Operations in the queue.", [{ value: queue.queued }]),
    gauge("onvera_operations_running", "Operations a worker is at.", [{ value: queue.running }]),
    gauge("onvera_queue_oldest_wait_seconds", "How long the oldest queued operation has waited.", [
      { value: queue.oldest },
    ]),
    counter("onvera_operation_claims_total", "Times a worker took an operation, further attempts included.", claims),
    counter(
      "onvera_lease_losses_total",
      "Times an operation was taken back from a worker that stopped answering.",
      leaseLosses,
    ),
    gauge(
      "onvera_deployments",
      "Deployments by status.",
      deployments.map(({ status, count }) => ({ labels: { status }, value: count })),
    ),
    gauge(
      "onvera_webhook_deliveries",
      "Deliveries of webhooks of the last fourteen days, by status.",
      deliveries.map(({ status, count }) => ({ labels: { status }, value: count })),
    ),
    gauge("onvera_workers", "Workers that answer.", [{ value: workers.alive }]),
    gauge("onvera_worker_slots", "Operations those workers can have under way together.", [{ value: workers.slots }]),
    gauge(
      "onvera_worker_heartbeat_age_seconds",
      "Since the newest word of any worker.",
      workers.age === null ? [] : [{ value: workers.age }],
    ),
  ];
}

interface EndedRow {
  type: string;
  status: string;
  bucket: number;
  count: number;
  seconds: number;
}

async function endedOperations(db: Scoped): Promise<EndedRow[]> {
  const { rows } = await sql<EndedRow>`
    SELECT type, status, width_bucket(seconds, ${BOUNDS}::float8[]) AS bucket, count(*) AS count, sum(seconds) AS seconds
    FROM (
      SELECT type, status, greatest(0, extract(epoch FROM ended_at - requested_at))::float8 AS seconds
      FROM operations WHERE ended_at IS NOT NULL
    ) ended GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`.execute(db);
  return rows;
}

function distributions(rows: readonly EndedRow[]): Distribution[] {
  const byType = new Map<string, { labels: Labels; counts: number[]; sum: number }>();
  for (const { type, bucket, count, seconds } of rows) {
    const known = byType.get(type);
    const entry = known ?? { labels: { type }, counts: new Array<number>(BOUNDS.length + 1).fill(0), sum: 0 };
    entry.counts[bucket] = (entry.counts[bucket] ?? 0) + count;
    entry.sum += seconds;
    byType.set(type, entry);
  }
  return [...byType.values()];
}

interface Standing {
  queue: { queued: number; running: number; oldest: number };
  deployments: { status: string; count: number }[];
  workers: { alive: number; slots: number; age: number | null };
  claims: number;
  leaseLosses: number;
  deliveries: { status: string; count: number }[];
}

async function standing(db: Scoped): Promise<Standing> {
  const { rows } = await sql<Standing>`SELECT
    (SELECT json_build_object('queued', count(*) FILTER (WHERE status = 'queued'),
        'running', count(*) FILTER (WHERE status = 'running'),
        'oldest', COALESCE(extract(epoch FROM now() - min(requested_at) FILTER (WHERE status = 'queued')), 0))
      FROM operations WHERE status IN ('queued', 'running')) AS queue,
    (SELECT COALESCE(json_agg(of_status), '[]') FROM
      (SELECT status, count(*) AS count FROM deployments GROUP BY status ORDER BY status) of_status) AS deployments,
    (SELECT json_build_object('alive', count(*) FILTER (WHERE answers),
        'slots', COALESCE(sum(slots) FILTER (WHERE answers), 0), 'age', min(age)) FROM (
      SELECT slots, extract(epoch FROM now() - heartbeat_at) AS age,
        extract(epoch FROM now() - heartbeat_at) * 1000 < ${LOST_MILLISECONDS} AS answers
      FROM workers WHERE stopped_at IS NULL) known) AS workers,
    (SELECT COALESCE(json_agg(of_status), '[]') FROM
      (SELECT status, count(*) AS count FROM webhook_deliveries GROUP BY status ORDER BY status) of_status) AS deliveries,
    (SELECT COALESCE(sum(attempt), 0) FROM operations)::bigint AS claims,
    COALESCE((SELECT (value ->> 'count')::bigint FROM installation WHERE key = ${LEASE_LOSSES_KEY}), 0) AS "leaseLosses"
  `.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error("A query without a condition gave no row.");
  return row;
}

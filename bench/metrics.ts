/** What keeping figures costs: bytes per deployment for a day and a week of samples, time per sample, time of a reading of /metrics. */
import { sql } from "kysely";
import { readingsOf } from "../src/automation/metrics/readings.ts";
import { onGrid } from "../src/domain/metric-series.ts";
import { appendSample, coarse, fine, type Resolution } from "../src/store/metric-blocks.ts";
import { startTestServer, type TestServer } from "../test/support/http.ts";
import { type Figure, figureOf } from "./figure.ts";

/** Copies of processes: one of Superset, four of Airflow. */
const APPS = { superset: ["web"], airflow: ["api-server", "scheduler", "dag-processor", "triggerer"] } as const;
const OPERATIONS = 100_000;

/** @param runs readings of /metrics */
export async function metrics(runs: number): Promise<Figure[]> {
  const server = await startTestServer();
  try {
    const { organizationId, ownerKey } = await server.addOrganization();
    const figures: Figure[] = [];
    for (const [app, processes] of Object.entries(APPS)) {
      const { id } = await server.deploy(ownerKey);
      for (const resolution of [fine, coarse])
        figures.push(...(await keep(server, id, { app, processes, resolution })));
    }
    const { userId } = await server.addUser({ organizationId, role: "viewer", isOperator: true });
    const { key } = await server.addKey({ organizationId, userId });
    await manyOperations(server, organizationId);
    const readings: number[] = [];
    for (let n = 0; n < runs; n++) {
      const start = performance.now();
      await server.call("GET", "/metrics", { key });
      readings.push(performance.now() - start);
    }
    const head = { figure: "metrics", case: `/metrics, ${OPERATIONS} operations`, unit: "ms", aim: "" };
    return [...figures, figureOf(head, { ours: readings, peer: [] })];
  } finally {
    await server.close();
  }
}

interface Kept {
  app: string;
  processes: readonly string[];
  resolution: Resolution;
}

/** Adds every sample of the time that is kept, one transaction each, and looks at what the table has grown by. */
async function keep(server: TestServer, deploymentId: string, { app, processes, resolution }: Kept): Promise<Figure[]> {
  const { store } = server;
  const begin = Date.now() - resolution.keptSeconds * 1000;
  const before = await tableBytes(server);
  const times: number[] = [];
  let last: Parameters<typeof readingsOf>[0] | undefined;
  for (let second = 0; second < resolution.keptSeconds; second += resolution.seconds) {
    const at = begin + second * 1000;
    const report = reportAt(at, second, processes);
    const values = readingsOf(report, last);
    last = report;
    const grid = onGrid([{ at, values }], { startsAt: at, stepSeconds: resolution.seconds, spans: 1 });
    const told = new Map([...grid].map(([name, [value = null]]) => [name, value]));
    const start = performance.now();
    await store.asPlatform((db) => appendSample(db, deploymentId, resolution, { at, values: told }));
    times.push(performance.now() - start);
  }
  const bytes = (await tableBytes(server)) - before;
  const name = `${app}, ${resolution.seconds} s for ${resolution.keptSeconds / 86_400} d`;
  const head = { figure: "metrics", aim: "" };
  return [
    figureOf({ ...head, case: `${name}, table and indexes`, unit: "KiB" }, { ours: [bytes / 1024], peer: [] }),
    figureOf({ ...head, case: `${name}, one sample`, unit: "ms" }, { ours: times, peer: [] }),
  ];
}

/** Numbers as they come: none the same twice, so that nothing is small by chance. */
function reportAt(at: number, second: number, processes: readonly string[]) {
  const noise = (n: number) => (Math.sin(second * 12.9898 + n) + 1) / 2;
  return {
    at: new Date(at).toISOString(),
    processes: processes.map((name, n) => ({
      name,
      replica: 0,
      cpuSeconds: second * 0.05 + noise(n),
      cpuPercent: 0,
      memoryBytes: 3e8 + noise(n) * 1e7,
      restarts: 0,
    })),
    gateway: {
      requests: Math.floor(second * 0.7),
      errors: Math.floor(second * 0.001),
      bytesOut: 0,
      latencyMilliseconds: { p50: noise(1) * 10, p95: noise(2) * 100, p99: noise(3) * 300 },
    },
  };
}

async function tableBytes({ store }: TestServer): Promise<number> {
  const { rows } = await store.pool.query("SELECT pg_total_relation_size('onvera.metric_blocks') AS bytes");
  return rows[0].bytes;
}

async function manyOperations({ store }: TestServer, organizationId: string): Promise<void> {
  await store.asPlatform((db) =>
    sql`INSERT INTO operations (id, organization_id, type, slot, resource_type, resource_id, status, capability, attempt,
        requested_by, origin, requested_at, ended_at)
      SELECT 'op_' || n, ${organizationId}, 'deployment.update', 'changing', 'deployment', 'dep_' || n, 'succeeded', 'local:n', 1,
        '{}', 'api', now() - interval '1 day', now() - interval '1 day' + make_interval(secs => n % 500)
      FROM generate_series(1, ${OPERATIONS}) n`.execute(db),
  );
  await store.pool.query("ANALYZE onvera.operations");
}

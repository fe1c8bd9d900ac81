/** R13 with a version that is really older: its own server and worker made the stacks; its worker goes on beside ours after the migration. */
import { setTimeout as wait } from "node:timers/promises";
import type { ChaosReport } from "../chaos-test.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { type Load, startLoad } from "../cluster/load.ts";
import { createMember, type Member } from "../cluster/member.ts";
import { chanceOf } from "../cluster/random.ts";
import { settle } from "../cluster/settle.ts";
import { buildOlder, type OlderBuild } from "./older-build.ts";

const PEOPLE = 3;
/** What each worker must have brought to an end beside the other. */
const ENDED_BY_EACH = 8;
const BESIDE_SECONDS = 420;
const POLL_MILLISECONDS = 1000;

export interface BesideOptions {
  /** Commit or tag of the older version. */
  ref: string;
  count: number | undefined;
  seed: number;
  say(line: string): void;
}

/** Runs it. @throws Error when that version cannot be built or started at all */
export async function runBesideOlder({ ref, count, seed, say }: BesideOptions): Promise<ChaosReport> {
  const older = await buildOlder(ref);
  say(`built ${older.commit.slice(0, 12)} (${older.title})`);
  try {
    return await besideOlder(older, { wanted: count ?? ENDED_BY_EACH, seed, say });
  } finally {
    await older.remove();
  }
}

async function besideOlder(
  older: OlderBuild,
  { wanted, seed, say }: { wanted: number; seed: number; say(line: string): void },
): Promise<ChaosReport> {
  const { launcher } = older;
  const cluster = await startCluster({ servers: 1, workers: 1, slots: 1, leaseSeconds: 25, launcher });
  const [oldServer] = cluster.servers;
  const [oldWorker] = cluster.workers;
  const ours = (verb: Member["verb"], env: Record<string, string>) =>
    createMember(`our ${verb}`, { installation: cluster.installation, verb, env });
  const server = ours("server", { ONVERA_API_PORT: String(cluster.ports[0]) });
  const worker = ours("worker", {});
  try {
    const load = startLoad(cluster, chanceOf(seed), PEOPLE);
    const before = await endedBy(cluster, oldWorker, wanted);
    say(`the older version ended ${before} operations by itself`);
    const migrated = await cluster.installation.onvera(["migrate"]);
    if (migrated.code !== 0) throw new Error(`The present version could not migrate: ${migrated.stderr}`);
    say(migrated.stdout.trim());
    await oldServer?.drain();
    await server.start();
    await worker.start();
    const [byOlder, byOurs] = await Promise.all([
      endedBy(cluster, oldWorker, before + wanted).then((ended) => ended - before),
      endedBy(cluster, worker, wanted),
    ]);
    say(`beside each other the older worker ended ${byOlder} operations, ours ${byOurs}`);
    const report = await settle("upgrade", cluster, load, new Map([[`versions beside ${older.title}`, 1]]));
    const planned = await planAll(cluster);
    const failures = [
      ...report.failures,
      ...failedOf(load, report),
      ...planned.filter(({ changes }) => changes !== 0).map(({ id, changes }) => `${id} plans ${changes} changes`),
      ...(byOlder >= wanted && byOurs >= wanted ? [] : ["one of the two workers did not take its share"]),
    ];
    return {
      ...report,
      result: { ...report.result, cases: load.accepted.length, ok: failures.length === 0 },
      figures: { byOldWorker: byOlder, byNewWorker: byOurs, stacksPlanned: planned.length },
      failures,
    };
  } finally {
    await worker.kill();
    await server.kill();
    await cluster.stop();
  }
}

/** Waits until a worker has ended so many. @returns how many it has */
async function endedBy(cluster: Cluster, worker: Member | undefined, wanted: number): Promise<number> {
  const until = Date.now() + BESIDE_SECONDS * 1000;
  for (;;) {
    const [row] = await cluster.ask<{ count: number }>(
      `SELECT count(*)::int AS count FROM onvera.operations o JOIN onvera.workers w ON w.id = o.lease_owner
       WHERE o.ended_at IS NOT NULL AND w.pid = $1`,
      [worker?.pid() ?? 0],
    );
    const count = row?.count ?? 0;
    if (count >= wanted || Date.now() > until) return count;
    await wait(POLL_MILLISECONDS);
  }
}

/** Nothing was struck, so nothing may fail; what was canceled on purpose may. */
function failedOf(load: Load, { table }: ChaosReport): string[] {
  if ((load.endings.failed ?? 0) === 0) return [];
  return table.filter(([cause]) => /^deployment\.\w+ [A-Z_]+: /.test(cause ?? "")).map((row) => row.join(", times: "));
}

interface Planned {
  id: string;
  changes: number;
}

/** A plan of each stack that still stands, whoever made and changed it. */
async function planAll(cluster: Cluster): Promise<Planned[]> {
  const ready = await cluster.ask<{ id: string }>("SELECT id FROM onvera.deployments WHERE status = 'ready'");
  const planned: Planned[] = [];
  for (const { id } of ready) {
    const asked = await cluster.call("POST", `/deployments/${id}/plan`, { body: {} });
    const operation: string | undefined = asked.body?.data?.operation_id;
    const summary = operation === undefined ? undefined : await summaryOf(cluster, operation);
    const changes = Object.entries(summary ?? { unknown: 1 }).reduce(
      (sum, [op, count]) => (op === "same" ? sum : sum + count),
      0,
    );
    planned.push({ id, changes });
  }
  return planned;
}

/** Undefined when it did not succeed in time. */
async function summaryOf(cluster: Cluster, operation: string): Promise<Record<string, number> | undefined> {
  const until = Date.now() + BESIDE_SECONDS * 1000;
  for (;;) {
    const { body } = await cluster.call("GET", `/operations/${operation}`);
    const { status, result } = body?.data ?? {};
    if (status === "succeeded") return result?.summary;
    if (status === "failed" || status === "canceled" || Date.now() > until) return undefined;
    await wait(POLL_MILLISECONDS);
  }
}

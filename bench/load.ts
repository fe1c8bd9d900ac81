/** What one operation asks of PostgreSQL, and how many claims a second it gives: the figures docs/scale.md reckons with. */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { claimOperation } from "../src/automation/worker/claim.ts";
import { newId } from "../src/domain/ids.ts";
import { openStore } from "../src/store/database.ts";
import { deployBench, makePlace } from "../test/support/control-plane-rows.ts";
import { type BenchPlane, startBenchPlane } from "./bench-plane.ts";
import { type Figure, figureOf } from "./figure.ts";

const DATABASE = { version: "database" };
const ORGANIZATIONS = 20;
const QUEUED_OF_EACH = 10;
const CHANNELS = ["onvera_operation", "onvera_queue", "onvera_cancel", "onvera_access", "onvera_worker"];

/** What the server has done up to now. */
interface Counters {
  notifications: number;
  events: number;
  "state writes": number;
  transactions: number;
  "write-ahead log, kB": number;
}

/** `runs` operations of each kind. */
export async function load(runs: number): Promise<Figure[]> {
  const bench = await startBenchPlane();
  try {
    await bench.ready(DATABASE);
    const counters = await openCounters(bench);
    try {
      const created: string[] = [];
      const create = await perOperation(counters, runs, async () => void created.push(await bench.ready(DATABASE)));
      const update = await perOperation(counters, runs, (index) => bench.timeUpdate(created[index] ?? "", DATABASE));
      const sessions = await counters.mostSessions(bench.plane.backend.user, () => bench.ready(DATABASE));
      const head = { figure: "load", case: "the CLI's sessions at once", unit: "each", aim: "" };
      return [
        ...shown("a create", create),
        ...shown("an unchanged update", update),
        figureOf(head, { ours: [sessions], peer: [] }),
        ...(await claims(bench)),
      ];
    } finally {
      await counters.close();
    }
  } finally {
    await bench.stop();
  }
}

async function openCounters({ server, plane }: BenchPlane) {
  const database = new URL(plane.store.connectionString).pathname.slice(1);
  const client = new pg.Client({ connectionString: server.connectionString(database) });
  await client.connect();
  let notifications = 0;
  client.on("notification", () => {
    notifications += 1;
  });
  for (const channel of CHANNELS) await client.query(`LISTEN ${channel}`);
  return {
    async read(): Promise<Counters> {
      // Sessions report what they did when they are idle for a moment; this one asks for it at once.
      await client.query("SELECT pg_stat_force_next_flush()");
      const { rows } = await client.query<Record<string, string>>(
        `SELECT (SELECT count(*) FROM onvera.operation_events) AS events,
           (SELECT COALESCE(max(version), 0) FROM onvera.state_versions) AS writes,
           (SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = $1) AS transactions,
           pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') / 1024 AS wal`,
        [database],
      );
      const { events, writes, transactions, wal } = rows[0] ?? {};
      return {
        notifications,
        events: Number(events),
        "state writes": Number(writes),
        transactions: Number(transactions),
        "write-ahead log, kB": Number(wal),
      };
    },
    /** The most sessions a login has while something is done; looked at 50 times a second. */
    async mostSessions(user: string, work: () => Promise<unknown>): Promise<number> {
      let most = 0;
      let going = true;
      const looking = (async () => {
        for (; going; await sleep(20)) {
          const { rows } = await client.query<{ n: string }>(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE usename = $1",
            [user],
          );
          most = Math.max(most, Number(rows[0]?.n));
        }
      })();
      await work();
      going = false;
      await looking;
      return most;
    },
    close: () => client.end(),
  };
}

async function perOperation(
  counters: { read(): Promise<Counters> },
  runs: number,
  work: (index: number) => Promise<unknown>,
): Promise<Counters> {
  const before = await counters.read();
  for (let index = 0; index < runs; index++) await work(index);
  const after = await counters.read();
  const each = Object.entries(after).map(([name, value]) => [name, (value - before[name as keyof Counters]) / runs]);
  return Object.fromEntries(each) as Counters;
}

const shown = (kind: string, counted: Counters): Figure[] =>
  Object.entries(counted).map(([name, value]) =>
    figureOf({ figure: "load", case: `${kind}: ${name}`, unit: "each", aim: "" }, { ours: [value], peer: [] }),
  );

/** Operations claimed a second by so many workers at once, from a queue of many organizations. */
async function claims({ plane }: BenchPlane): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const workers of [1, 4, 16]) {
    const node = newId("worker");
    for (let organization = 0; organization < ORGANIZATIONS; organization++) {
      const place = { ...(await makePlace(plane.store, newId("worker"))), node };
      for (let queued = 0; queued < QUEUED_OF_EACH; queued++) await deployBench(place, {});
    }
    const store = openStore({ connectionString: plane.store.connectionString, maxConnections: workers });
    const start = performance.now();
    let claimed = 0;
    const claim = async (index: number): Promise<void> => {
      const claimant = { workerId: `wrk_${index}`, capabilities: [`local:${node}`], leaseSeconds: 3600 };
      while ((await claimOperation(store, claimant)) !== undefined) claimed += 1;
    };
    await Promise.all(Array.from({ length: workers }, (_, index) => claim(index)));
    const rate = (claimed * 1000) / (performance.now() - start);
    await store.close();
    figures.push(
      figureOf({ figure: "load", case: `claims, ${workers} workers`, unit: "/s", aim: "" }, { ours: [rate], peer: [] }),
    );
  }
  return figures;
}

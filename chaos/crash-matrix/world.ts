/** What the matrix breaks: one database server, one control plane, two workers in processes of their own. */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { type ControlPlane, startControlPlane } from "../../test/support/control-plane.ts";
import { type ScratchPostgres, startScratchPostgres } from "../../test/support/postgres.ts";
import type { WorkerProcess } from "../../test/support/worker-child.ts";
import type { Facts } from "./facts.ts";
import { type RealityReader, startRealityReader } from "./reality-reader.ts";
import { installStateHold } from "./state-hold.ts";

export interface World {
  server: ScratchPostgres;
  plane: ControlPlane;
  /** The control plane's database, as its superuser. */
  control: string;
  facts(stack: string): Promise<Facts>;
  /** The worker process of that id. */
  worker(id: string | null): WorkerProcess;
  /** Starts another worker in the place of one that was killed. */
  replace(dead: WorkerProcess): Promise<void>;
  /** The operation's row as soon as it holds, also while the database comes and goes. */
  operation(id: string, holds: (row: OperationRow) => boolean, timeoutSeconds: number): Promise<OperationRow>;
  stop(): Promise<void>;
}

export interface OperationRow {
  status: string;
  lease_owner: string | null;
  lease_generation: number;
  error: { code: string; message: string } | null;
  ended: boolean;
  process: {
    pid: number;
    processGroup: number;
    startTime: string;
    provider?: { pid: number; startTime: string };
  } | null;
}

/** Short, so that a takeover takes seconds; the product's own are 25 s and 5 s. */
export const timings = {
  leaseSeconds: 3,
  renewSeconds: 0.5,
  pollSeconds: 1,
  cancelGraceSeconds: 20,
  lateSideEffectSeconds: 1,
};
const POLL_MILLISECONDS = 100;

export interface WorldOptions {
  /** For each worker: entries that are bundled and loaded before anything else in its process. */
  workers?: readonly (readonly string[])[];
}

/** Starts everything. */
export async function startWorld({ workers: preloads = [[], []] }: WorldOptions = {}): Promise<World> {
  const server = await startScratchPostgres({ maxConnections: 200, durable: true });
  const plane = await startControlPlane(server, { warmRunners: 1 });
  const database = new URL(plane.store.connectionString).pathname.slice(1);
  const control = server.connectionString(database);
  await installStateHold(control);
  const reader: RealityReader = await startRealityReader();
  const workers = new Map<string, WorkerProcess>();
  const add = async (preload: readonly string[]) => {
    const worker = await plane.spawnWorker({ timings, preload });
    workers.set(worker.id, worker);
  };
  for (const preload of preloads) await add(preload);

  return {
    server,
    plane,
    control,
    facts: (stack) =>
      reader.read({ control, server: server.connectionString(), ledger: plane.sideEffectLedger, stack }),
    worker(id) {
      const found = workers.get(id ?? "");
      if (found === undefined) throw new Error(`No worker process ${id} was started here.`);
      return found;
    },
    async replace(dead) {
      workers.delete(dead.id);
      await add([]);
    },
    async operation(id, holds, timeoutSeconds) {
      const deadline = Date.now() + timeoutSeconds * 1000;
      let last: OperationRow | undefined;
      for (;;) {
        last = (await readOperation(control, id).catch(() => undefined)) ?? last;
        if (last !== undefined && holds(last)) return last;
        if (Date.now() > deadline) {
          throw new Error(`Operation ${id} is not there after ${timeoutSeconds} s: ${JSON.stringify(last)}`);
        }
        await sleep(POLL_MILLISECONDS);
      }
    },
    async stop() {
      await reader.close();
      await plane.stop();
      await server.stop();
    },
  };
}

async function readOperation(control: string, id: string): Promise<OperationRow | undefined> {
  const client = new pg.Client({ connectionString: control });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<OperationRow>(
      `SELECT status, lease_owner, lease_generation::int, error, ended_at IS NOT NULL AS ended, process
       FROM onvera.operations WHERE id = $1`,
      [id],
    );
    return rows[0];
  } finally {
    await client.end().catch(() => undefined);
  }
}

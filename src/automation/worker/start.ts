/** The worker: claims operations it is able to run, as many at once as it has slots, and keeps their leases. */
import { hostname } from "node:os";
import { newId } from "../../domain/ids.ts";
import { type OperationLane, operationLanes, typesInLane } from "../../domain/operation.ts";
import type { Store } from "../../store/database.ts";
import { sweepPlacesDue } from "../drift/swept-places.ts";
import { CANCEL_GRACE_SECONDS } from "../operations/cancel.ts";
import { createAccessFeeder } from "./access-feeder.ts";
import { type Claim, claimOperation, knownHere } from "./claim.ts";
import { executeOperation } from "./execute.ts";
import { createLane } from "./lane.ts";
import { markWorker, registerWorker, renewLeases, sweepExpired } from "./leases.ts";
import { aboutOperation } from "./log-fields.ts";
import { listen } from "./notifications.ts";
import type { RunServices } from "./operation-run.ts";
import { createRunControl, type RunControl } from "./run-control.ts";
import type { Slots } from "./slots.ts";

export interface WorkerTimings {
  leaseSeconds: number;
  renewSeconds: number;
  /** How often the queue is looked at without having been told. */
  pollSeconds: number;
  cancelGraceSeconds: number;
  /** How long provider calls of an earlier attempt may take to end by themselves. */
  lateSideEffectSeconds: number;
  /** How often deployments are compared with what was recorded of them; 0 for never. */
  reconcileSeconds: number;
}

export const defaultTimings: WorkerTimings = {
  leaseSeconds: 25,
  renewSeconds: 5,
  pollSeconds: 10,
  cancelGraceSeconds: CANCEL_GRACE_SECONDS,
  lateSideEffectSeconds: 10,
  // The installation says how often (src/main/worker-timings.ts); a worker by itself is not to change what nobody asked for.
  reconcileSeconds: 0,
};

export interface WorkerDeps extends RunServices {
  /** Node this worker runs on; local clusters belong to one. */
  node: string;
  /** `local:<node>`, `kubernetes`, `aws`: what it is able to run. */
  capabilities: readonly string[];
  /** Operations that use the engine at once. */
  slots: number;
  version: string;
  /** Operation types and spec format it understands. @default what this version does */
  knows?: { types: readonly string[]; specFormat: number };
  timings?: Partial<WorkerTimings>;
}

export interface Worker {
  id: string;
  /** Takes nothing more and waits until what runs has ended; operations that cannot end in time go back to the queue. */
  drain(options?: { timeoutSeconds?: number }): Promise<void>;
  /** Stops politely and hands what runs back to the queue. */
  stop(): Promise<void>;
}

interface Running {
  claim: Claim;
  control: RunControl;
  done: Promise<void>;
  /** Of this process's clock; past it the lease counts as lost even if nobody can be asked. */
  leaseUntil: number;
}

/** Syncs of access at once: they wait for apps more than they work. */
const ACCESS_SLOTS = 2;
const accessTypes: readonly string[] = typesInLane("access");

/** Whether a sweep is due is asked this often; the interval between sweeps is the installation's. */
const LONGEST_LOOK_SECONDS = 30;

/** Starts a worker. */
export async function startWorker(deps: WorkerDeps): Promise<Worker> {
  const timings = { ...defaultTimings, ...deps.timings };
  const { store, log } = deps;
  const id = newId("worker");
  const running = new Map<string, Running>();
  const { types, specFormat } = deps.knows ?? knownHere;
  const isAccess = (type: string) => accessTypes.includes(type);
  const syncs = deps.openApp !== undefined;
  const knows = { types: syncs ? types : types.filter((type) => !isAccess(type)), specFormat };
  /** Stopping is for good; an operator's pause may be taken back. */
  let stopping: Promise<void> | undefined;
  let paused = false;
  const accepting = () => stopping === undefined && !paused;

  await registerWorker(store, { id, host: hostname(), pid: process.pid, knows, ...pick(deps) });

  const start = (claim: Claim, slots: Slots) => {
    const { type, attempt } = claim.operation;
    log.info({ ...aboutOperation(claim.operation), type, attempt, worker: id }, "Taken from the queue");
    const control = createRunControl(timings.cancelGraceSeconds * 1000);
    if (claim.operation.irreversible_at !== null) control.makeIrreversible();
    else if (claim.operation.cancel_requested_at !== null) control.cancel();
    const execute = { ...deps, slots, lateSideEffectSeconds: timings.lateSideEffectSeconds };
    const done = executeOperation(execute, claim, control).finally(() => {
      control.close();
      running.delete(claim.operation.id);
      // The next one of its organization may have waited for this one's place.
      if (isAccess(type)) feeder?.look();
    });
    running.set(claim.operation.id, { claim, control, done, leaseUntil: leaseEnd() });
  };
  const leaseEnd = () => performance.now() + timings.leaseSeconds * 1000;

  const claimOf = (lane: OperationLane) => {
    const claimant = {
      workerId: id,
      capabilities: deps.capabilities,
      leaseSeconds: timings.leaseSeconds,
      knows: { types: knows.types.filter((type) => isAccess(type) === (lane === "access")), specFormat },
      inLimits: operationLanes[lane].inLimits,
    };
    return () =>
      claimOperation(store, claimant).catch((error: unknown) => {
        log.warn({ error: String(error) }, "The queue could not be asked");
        return undefined;
      });
  };
  const lanes = [createLane({ slots: deps.slots, accepting, claim: claimOf("engine"), start })];
  if (syncs) lanes.push(createLane({ slots: ACCESS_SLOTS, accepting, claim: claimOf("access"), start }));
  const wake = () => {
    for (const lane of lanes) lane.wake();
  };
  const feeder = syncs ? createAccessFeeder({ ...deps, accepting }) : undefined;

  const renew = async () => {
    const { held, drainRequested } = await renewLeases(store, id, timings.leaseSeconds, [...running.keys()]);
    if (drainRequested !== paused && stopping === undefined) await pause(drainRequested);
    const byId = new Map(held.map((lease) => [lease.operationId, lease]));
    for (const [operationId, entry] of running) {
      const lease = byId.get(operationId);
      if (lease?.generation === entry.claim.lease.generation) {
        entry.leaseUntil = leaseEnd();
        if (lease.cancelRequested) entry.control.cancel();
      } else if (await isTakenOver(store, entry.claim)) {
        entry.control.lose();
      }
    }
  };
  const pause = async (wanted: boolean) => {
    paused = wanted;
    log.info({ worker: id }, wanted ? "An operator asked it to take nothing more" : "It takes operations again");
    await markWorker(store, id, { draining_since: wanted ? new Date() : null });
    if (!wanted) wake();
  };
  const guard = () => {
    for (const { control, leaseUntil } of running.values()) if (performance.now() > leaseUntil) control.lose();
  };
  const sweep = async () => {
    const lost = await sweepExpired(store);
    for (const operation of lost) log.warn(aboutOperation(operation), "Its worker stopped answering");
    wake();
  };

  const lookForDrift = async () => {
    if (accepting() && timings.reconcileSeconds > 0) await sweepPlacesDue(deps, timings.reconcileSeconds);
  };

  const timers = [
    every(Math.min(timings.reconcileSeconds || LONGEST_LOOK_SECONDS, LONGEST_LOOK_SECONDS), lookForDrift),
    every(timings.renewSeconds, renew),
    every(timings.renewSeconds, async () => guard()),
    every(timings.renewSeconds, sweep),
    every(timings.pollSeconds, async () => {
      wake();
      feeder?.look();
    }),
  ];
  function every(seconds: number, work: () => Promise<void>): NodeJS.Timeout {
    let busy = false;
    return setInterval(() => {
      if (busy) return;
      busy = true;
      work()
        .catch((error: unknown) => log.warn({ error: String(error) }, "The database could not be asked"))
        .finally(() => {
          busy = false;
        });
    }, seconds * 1000);
  }
  const notices = listen(
    store.connectionString,
    ["onvera_queue", "onvera_cancel", "onvera_worker", ...(feeder ? ["onvera_access_sync"] : [])],
    (channel, payload) => {
      if (channel === "onvera_queue" && (payload === undefined || deps.capabilities.includes(payload))) wake();
      if (channel === "onvera_access_sync") feeder?.announced();
      if (channel === "onvera_cancel" && payload !== undefined) running.get(payload)?.control.cancel();
      // The database may be away for a moment; the next renewal asks again.
      if (channel === "onvera_worker" && payload === id) renew().catch(() => undefined);
    },
  );
  await sweep();

  const close = async () => {
    for (const timer of timers) clearInterval(timer);
    await notices.close();
    await markWorker(store, id, { stopped_at: new Date() }).catch(() => undefined);
  };
  const allDone = () => Promise.all([...running.values()].map(({ done }) => done));
  const finish = (politeMilliseconds: number) => {
    stopping ??= (async () => {
      await feeder?.stop();
      await Promise.all(lanes.map((lane) => lane.settled()));
      await markWorker(store, id, { draining_since: new Date() }).catch(() => undefined);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, politeMilliseconds);
      });
      await Promise.race([allDone(), late]);
      clearTimeout(timer);
      for (const { control } of running.values()) control.drain();
      await allDone();
      await close();
    })();
    return stopping;
  };
  return {
    id,
    drain: ({ timeoutSeconds = 3600 } = {}) => finish(timeoutSeconds * 1000),
    stop: () => finish(0),
  };
}

const pick = ({ node, capabilities, slots, version }: WorkerDeps) => ({ node, capabilities, slots, version });

/** A lease that was not renewed may simply have ended a moment ago: only a newer generation means somebody took it. */
async function isTakenOver(store: Store, { operation, lease }: Claim): Promise<boolean> {
  return store.asPlatform(async (db) => {
    const row = await db
      .selectFrom("operations")
      .select(["lease_owner", "lease_generation", "status"])
      .where("id", "=", operation.id)
      .executeTakeFirst();
    return row?.lease_owner !== lease.owner || row.lease_generation !== lease.generation;
  });
}

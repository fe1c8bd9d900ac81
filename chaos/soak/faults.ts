/** What goes wrong during a soak: one thing at a time, each made good again after a while. */
import { setTimeout as wait } from "node:timers/promises";
import type { Cluster } from "../cluster/cluster.ts";
import type { Member } from "../cluster/member.ts";
import type { Chance } from "../cluster/random.ts";

export const faultNames = [
  "worker killed",
  "worker paused past its lease",
  "worker drained",
  "runner killed",
  "CLI killed",
  "server killed",
  "PostgreSQL stopped",
  "connections cut",
  "connections reset",
] as const;
export type FaultName = (typeof faultNames)[number];

export interface FaultTimes {
  leaseSeconds: number;
  /** How long a line stays cut, at most. */
  cutSeconds: number;
}

/**
 * Does it, and makes it good again.
 * @returns false when there was nothing it could have hit
 */
export async function strike(
  cluster: Cluster,
  name: FaultName,
  { chance, times }: { chance: Chance; times: FaultTimes },
): Promise<boolean> {
  switch (name) {
    case "worker killed":
      return restart(chance.pick(cluster.workers), (worker) => worker.kill());
    case "worker drained":
      return restart(chance.pick(cluster.workers), (worker) => worker.drain());
    case "server killed":
      return restart(chance.pick(cluster.servers), (server) => server.kill());
    case "worker paused past its lease": {
      const worker = chance.pick(cluster.workers);
      worker.pause();
      await wait((times.leaseSeconds * 1.3 + 1) * 1000);
      worker.resume();
      return true;
    }
    case "runner killed":
      return killProcess(cluster, "processGroup");
    case "CLI killed":
      return killProcess(cluster, "pid");
    case "PostgreSQL stopped":
      await cluster.postgres.crash();
      await cluster.postgres.restart();
      return true;
    case "connections cut":
      cluster.line.cut();
      await wait(chance.next() * times.cutSeconds * 1000);
      cluster.line.mend();
      return true;
    case "connections reset":
      cluster.line.spoil({ kind: "reset" });
      return true;
  }
}

async function restart(member: Member, end: (member: Member) => Promise<unknown>): Promise<boolean> {
  await end(member);
  await member.start();
  return true;
}

/** The engine process of whichever operation runs; there may be none at this moment. */
async function killProcess(cluster: Cluster, which: "pid" | "processGroup"): Promise<boolean> {
  const rows = await cluster.ask<{ process: { pid: number; processGroup: number } }>(
    `SELECT process FROM onvera.operations WHERE status = 'running' AND process IS NOT NULL ORDER BY random() LIMIT 1`,
  );
  const pid = rows[0]?.process[which];
  if (pid === undefined) return false;
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    // It ended by itself between the look and the kill.
    return false;
  }
}

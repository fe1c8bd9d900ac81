/** People at work: each deploys, resizes, restarts, sometimes cancels, and destroys, over and over, by any server that answers. */
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { Accepted } from "./audit.ts";
import type { Answer, Cluster } from "./cluster.ts";
import type { Chance } from "./random.ts";

export interface Load {
  /** Every operation a server has answered for with 202. */
  accepted: readonly Accepted[];
  /** Seconds from accepting to the end, of those that ended. */
  seconds: readonly number[];
  /** How the ended ones ended. */
  endings: Readonly<Record<string, number>>;
  /** Answers that had to be asked for again, because a server or the database was away. */
  repeated(): number;
  /** Deploys once more, as another person would. @returns the operation's id as soon as a server accepts it */
  deploy(): Promise<string>;
  /** Destroys what did not come to be, or did not go, until it is gone. */
  clear(): Promise<void>;
  /** Begins nothing more; resolves when the last person has stopped. */
  stop(): Promise<void>;
}

const POLL_MILLISECONDS = 500;
const AGAIN_MILLISECONDS = 300;

/** Starts the load. @param people how many work at the same time */
export function startLoad(cluster: Cluster, chance: Chance, people: number): Load {
  const accepted: Accepted[] = [];
  const seconds: number[] = [];
  const endings: Record<string, number> = {};
  let going = true;
  let repeated = 0;

  /** Asks until somebody answers; a POST carries one key through all its attempts. */
  const ask = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const headers: Record<string, string> = method === "POST" ? { "idempotency-key": randomUUID() } : {};
    for (;;) {
      try {
        const server = chance.whole(0, cluster.servers.length - 1);
        const answer = await cluster.call(method, path, { headers, server, ...(body === undefined ? {} : { body }) });
        if (answer.status < 500 && answer.status !== 429) return answer;
      } catch {
        // That server is away.
      }
      repeated += 1;
      await wait(AGAIN_MILLISECONDS);
    }
  };
  const note = (answer: Answer): string | undefined => {
    const id = answer.status === 202 ? answer.body.data.operation_id : undefined;
    // A PATCH or DELETE that was answered twice names the same operation again: the first answer was lost on the way.
    if (id !== undefined && !accepted.some(({ operationId }) => operationId === id)) {
      accepted.push({ operationId: id, deploymentId: answer.body.data.deployment_id });
    }
    return id;
  };
  const ended = async (operationId: string): Promise<string> => {
    const since = performance.now();
    for (;;) {
      const { body } = await ask("GET", `/operations/${operationId}`);
      const status: string = body?.data?.status;
      if (status === "succeeded" || status === "failed" || status === "canceled") {
        seconds.push((performance.now() - since) / 1000);
        endings[status] = (endings[status] ?? 0) + 1;
        return status;
      }
      await wait(POLL_MILLISECONDS);
    }
  };
  const act = async (method: string, path: string, body?: unknown): Promise<string | undefined> => {
    const answer = await ask(method, path, body);
    // What was refused was not accepted: 409 where the first attempt's answer was lost on the way.
    const id = note(answer) ?? answer.body?.error?.operation_id;
    if (id === undefined) return undefined;
    if (!accepted.some(({ operationId }) => operationId === id)) accepted.push({ operationId: id, deploymentId: "" });
    if (chance.next() < CANCEL_SHARE) await ask("POST", `/operations/${id}/cancel`, {});
    return ended(id);
  };
  const deploy = async () => {
    const created = await ask("POST", "/deployments", { app_type: "bench", version: "database", name: "chaos" });
    const operation = note(created);
    if (operation === undefined) throw new Error(`A deployment was refused: ${JSON.stringify(created.body)}`);
    return { operation, path: `/deployments/${created.body.data.deployment_id}` };
  };
  const life = async () => {
    const { operation: first, path } = await deploy();
    if ((await ended(first)) === "succeeded") {
      for (let change = chance.whole(1, 3); change > 0 && going; change--) {
        if (chance.next() < RESTART_SHARE) await act("POST", `${path}/restart`, {});
        else await act("PATCH", path, { size: chance.pick(["small", "medium", "large"]) });
      }
    }
    if (chance.next() < KEEP_SHARE) return;
    await act("DELETE", path);
  };

  const everybody = Promise.all(
    Array.from({ length: people }, async () => {
      while (going) await life();
    }),
  );
  // Told to whoever stops the load; until then nobody waits for it.
  everybody.catch(() => undefined);
  return {
    accepted,
    seconds,
    endings,
    repeated: () => repeated,
    deploy: async () => (await deploy()).operation,
    async clear() {
      for (let round = 0; round < CLEAR_ROUNDS; round += 1) {
        const unfinished = await cluster.ask<{ id: string }>(
          "SELECT id FROM onvera.deployments WHERE status IN ('failed', 'destroying')",
        );
        for (const { id } of unfinished) {
          const answer = await ask("DELETE", `/deployments/${id}`);
          const operation = note(answer) ?? answer.body?.error?.operation_id;
          if (operation !== undefined) await ended(operation);
        }
      }
    },
    async stop() {
      going = false;
      await everybody;
    },
  };
}

/** A destroy that was refused because another one ran is asked for once more. */
const CLEAR_ROUNDS = 2;
const CANCEL_SHARE = 0.06;
const RESTART_SHARE = 0.3;
/** Deployments left standing, so that the comparison at the end has something to compare. */
const KEEP_SHARE = 0.1;

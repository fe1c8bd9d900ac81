/** What Airflow says of itself by its own API: the scheduler's heartbeat, and how many tasks wait, run and have failed. */
import type { Metric } from "../../domain/metric-series.ts";

export interface AirflowAccess {
  /** Of its API server, on this machine. */
  url: string;
  username: string;
  password: string;
}

export interface AirflowReader {
  /** Empty where it cannot be asked: it is starting, stopped, or its administrator has another password by now. */
  read(deploymentId: string, access: () => Promise<AirflowAccess | undefined>): Promise<Map<Metric, number>>;
}

const TIMEOUT_MILLISECONDS = 3000;
/** Counting tasks asks its database; the heartbeat costs nothing. */
const TASKS_EVERY_MILLISECONDS = 60_000;
const FAILED_WITHIN_MILLISECONDS = 3_600_000;

const taskQueries: readonly { metric: Metric; states: readonly string[]; recent?: boolean }[] = [
  { metric: "tasks_queued", states: ["scheduled", "queued", "up_for_retry"] },
  { metric: "tasks_running", states: ["running"] },
  { metric: "tasks_failed", states: ["failed", "upstream_failed"], recent: true },
];

interface Known {
  tasks: Map<Metric, number>;
  askedAt: number;
  token: string | undefined;
}

/** Makes a reader, which remembers each deployment's token and counts between the samples. */
export function createAirflowReader(now: () => number = Date.now): AirflowReader {
  const known = new Map<string, Known>();
  return {
    async read(deploymentId, access) {
      const readings = new Map<Metric, number>();
      const found = await access().catch(() => undefined);
      if (found === undefined) return readings;
      const state = known.get(deploymentId) ?? {
        tasks: new Map(),
        askedAt: Number.NEGATIVE_INFINITY,
        token: undefined,
      };
      known.set(deploymentId, state);
      const beat = await heartbeat(found.url).catch(() => undefined);
      if (beat === undefined) return readings;
      readings.set("scheduler_heartbeat_age", Math.max(0, (now() - beat) / 1000));
      if (now() - state.askedAt >= TASKS_EVERY_MILLISECONDS) {
        state.askedAt = now();
        state.tasks = await countTasks(found, state, now()).catch(() => new Map());
      }
      for (const [metric, count] of state.tasks) readings.set(metric, count);
      return readings;
    },
  };
}

async function heartbeat(url: string): Promise<number | undefined> {
  const { scheduler } = (await ask(`${url}/api/v2/monitor/health`)) as {
    scheduler?: { latest_scheduler_heartbeat?: string | null };
  };
  const at = Date.parse(scheduler?.latest_scheduler_heartbeat ?? "");
  return Number.isNaN(at) ? undefined : at;
}

async function countTasks(access: AirflowAccess, state: Known, now: number): Promise<Map<Metric, number>> {
  const counts = new Map<Metric, number>();
  for (const { metric, states, recent } of taskQueries) {
    const query = new URLSearchParams([["limit", "1"], ...states.map((one): [string, string] => ["state", one])]);
    if (recent) query.set("end_date_gte", new Date(now - FAILED_WITHIN_MILLISECONDS).toISOString());
    const path = `/api/v2/dags/~/dagRuns/~/taskInstances?${query}`;
    const { total_entries: total } = (await askSignedIn(access, state, path)) as { total_entries?: number };
    if (typeof total === "number") counts.set(metric, total);
  }
  return counts;
}

/** A token lives for a day; the first refusal gets a new one. */
async function askSignedIn(access: AirflowAccess, state: Known, path: string): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    state.token ??= await signIn(access);
    try {
      return await ask(`${access.url}${path}`, { headers: { authorization: `Bearer ${state.token}` } });
    } catch (error) {
      state.token = undefined;
      if (attempt === 2) throw error;
    }
  }
}

async function signIn({ url, username, password }: AirflowAccess): Promise<string> {
  const body = JSON.stringify({ username, password });
  const headers = { "content-type": "application/json" };
  const answer = (await ask(`${url}/auth/token`, { method: "POST", headers, body })) as { access_token?: string };
  if (answer.access_token === undefined) throw new Error("Airflow gave no token.");
  return answer.access_token;
}

async function ask(url: string, init: RequestInit = {}): Promise<unknown> {
  const answer = await fetch(url, { ...init, redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS) });
  if (!answer.ok) {
    await answer.body?.cancel();
    throw new Error(`Airflow answered ${answer.status}.`);
  }
  return answer.json();
}

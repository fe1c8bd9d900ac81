/** `onvera top`: what runs and what it uses, refreshed until Ctrl+C. */
import { setTimeout as wait } from "node:timers/promises";
import type { Api } from "../api/client.ts";
import type { Data, Deployment } from "../api/contract.ts";
import { deploymentId } from "../find-deployment.ts";
import { untilInterrupted } from "../follow/until-interrupted.ts";
import { type Invocation, text } from "../invocation.ts";
import { lengthOfTime } from "../options.ts";
import { megabytes } from "../output/megabytes.ts";
import { paintStatus } from "../output/paint.ts";
import { secondsText } from "../output/seconds-text.ts";
import { type Column, table } from "../output/table.ts";

type Metrics = Data<"getDeploymentMetrics">;
type Process = Metrics["processes"][number];

const INTERVAL_SECONDS = 5;
/** One page of deployments: more lines than a terminal has. */
const MOST = 100;
const AT_ONCE = 8;
const CLEAR = "\u001b[H\u001b[2J\u001b[3J";

interface Row {
  deployment: Deployment;
  /** Null where the node cannot be asked. */
  metrics: Metrics | null;
}

/** Prints the table once, or on a terminal again and again. */
export async function run(invocation: Invocation): Promise<undefined> {
  const api = invocation.api();
  const { io, output } = invocation;
  const [reference] = invocation.args;
  const seconds = lengthOfTime("--interval", text(invocation, "interval")) ?? INTERVAL_SECONDS;
  const id = reference === undefined ? undefined : await deploymentId(api, reference);
  const look = (signal?: AbortSignal) => (id === undefined ? allOf(api, signal) : oneOf(api, id, signal));
  if (!io.outIsLive || output.isForPrograms || output.quiet) {
    const { data, names, text } = await look();
    output.data(data, { names: () => names, table: text });
    return undefined;
  }
  await untilInterrupted(io, async (signal) => {
    while (!signal.aborted) {
      try {
        const { text } = await look(signal);
        if (!signal.aborted)
          io.out(`${CLEAR}${text(io.outHasColor)}\nCtrl+C ends this; refreshed every ${seconds} s.\n`);
        await wait(seconds * 1000, undefined, { signal });
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  });
  return undefined;
}

interface View {
  data: unknown;
  names: readonly string[];
  text(hasColor: boolean): string;
}

async function oneOf(api: Api, id: string, signal: AbortSignal | undefined): Promise<View> {
  const metrics = await api.call("getDeploymentMetrics", { path: { deployment_id: id }, ...(signal && { signal }) });
  const rows = [...metrics.processes].sort((a, b) => b.cpu_percent - a.cpu_percent);
  return {
    data: metrics,
    names: rows.map(({ name, replica }) => `${name}.${replica}`),
    text: (hasColor) => table(processColumns, rows, hasColor),
  };
}

async function allOf(api: Api, signal: AbortSignal | undefined): Promise<View> {
  const given = signal && { signal };
  const { items } = await api.call("listDeployments", { query: { per_page: MOST }, ...given });
  const rows: Row[] = [];
  const left = [...items];
  const worker = async () => {
    for (let deployment = left.shift(); deployment !== undefined; deployment = left.shift()) {
      const path = { deployment_id: deployment.id };
      const metrics = await api.call("getDeploymentMetrics", { path, ...given }).catch((error: unknown) => {
        if (signal?.aborted) throw error;
        return null;
      });
      rows.push({ deployment, metrics });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  rows.sort((a, b) => cpuOf(b) - cpuOf(a) || a.deployment.name.localeCompare(b.deployment.name));
  return {
    data: {
      items: rows.map(({ deployment: { id, name, status, health }, metrics }) => ({
        id,
        name,
        status,
        health,
        metrics,
      })),
    },
    names: rows.map(({ deployment }) => deployment.id),
    text: (hasColor) => table(deploymentColumns, rows, hasColor),
  };
}

const sum = (metrics: Metrics | null, of: (process: Process) => number): number =>
  (metrics?.processes ?? []).reduce((total, process) => total + of(process), 0);
const cpuOf = ({ metrics }: Row): number => sum(metrics, ({ cpu_percent }) => cpu_percent);

const deploymentColumns: readonly Column<Row>[] = [
  { title: "NAME", value: ({ deployment }) => deployment.name },
  { title: "APP", value: ({ deployment }) => deployment.app_type },
  { title: "STATUS", value: ({ deployment }) => deployment.status, paint: paintStatus },
  { title: "CPU", value: (row) => (row.metrics ? `${cpuOf(row).toFixed(1)} %` : "") },
  { title: "MEMORY", value: ({ metrics }) => (metrics ? megabytes(sum(metrics, (one) => one.memory_bytes)) : "") },
  { title: "RESTARTS", value: ({ metrics }) => (metrics ? String(sum(metrics, ({ restarts }) => restarts)) : "") },
  { title: "REQUESTS", value: ({ metrics }) => (metrics?.gateway ? String(metrics.gateway.requests) : "") },
  { title: "ERRORS", value: ({ metrics }) => (metrics?.gateway ? String(metrics.gateway.errors) : "") },
  { title: "P95", value: ({ metrics }) => (metrics?.gateway ? `${metrics.gateway.latency_milliseconds.p95} ms` : "") },
];

const processColumns: readonly Column<Process>[] = [
  { title: "PROCESS", value: ({ name, replica }) => `${name}.${replica}` },
  { title: "CPU", value: ({ cpu_percent }) => `${cpu_percent.toFixed(1)} %` },
  { title: "CPU TIME", value: ({ cpu_seconds }) => secondsText(cpu_seconds) },
  { title: "MEMORY", value: ({ memory_bytes }) => megabytes(memory_bytes) },
  { title: "RESTARTS", value: ({ restarts }) => String(restarts) },
];

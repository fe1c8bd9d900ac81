/** `onvera workers` and `onvera apps`. */
import type { Data } from "../api/contract.ts";
import { argument, type Invocation } from "../invocation.ts";
import { age } from "../output/elapsed.ts";
import { paintStatus } from "../output/paint.ts";
import { showList, showOne } from "../output/show.ts";

export async function workers(invocation: Invocation): Promise<undefined> {
  const now = invocation.io.now();
  showList(invocation, await invocation.api().call("listWorkers"), {
    columns: [
      { title: "ID", value: ({ id }) => id },
      { title: "HOST", value: ({ host, pid }) => `${host}:${pid}` },
      { title: "STATE", value: ({ state }) => state, paint: paintStatus },
      { title: "UNDER WAY", value: ({ operations }) => String(operations) },
      { title: "SLOTS", value: ({ slots }) => String(slots) },
      { title: "CAN", value: ({ capabilities }) => capabilities.join(",") },
      { title: "HEARTBEAT", value: ({ heartbeat_at }) => age(now - Date.parse(heartbeat_at)) },
      { title: "VERSION", value: ({ version }) => version },
    ],
    name: ({ id }) => id,
    nothing: "No worker runs.",
  });
  return undefined;
}

export async function drainWorker(invocation: Invocation): Promise<undefined> {
  const path = { worker_id: argument(invocation, 0) };
  showWorker(invocation, await invocation.api().call("drainWorker", { path }));
  return undefined;
}

export async function resumeWorker(invocation: Invocation): Promise<undefined> {
  const path = { worker_id: argument(invocation, 0) };
  showWorker(invocation, await invocation.api().call("resumeWorker", { path }));
  return undefined;
}

function showWorker(invocation: Invocation, worker: Data<"drainWorker">): void {
  showOne(invocation, worker, worker.id, [
    ["ID", worker.id],
    ["Host", `${worker.host}:${worker.pid}`],
    ["State", worker.state],
    ["Under way", String(worker.operations)],
  ]);
}

type App = Data<"listApps">["items"][number];

export async function apps(invocation: Invocation): Promise<undefined> {
  showList<App>(invocation, await invocation.api().call("listApps"), {
    columns: [
      { title: "APP", value: ({ app_type }) => app_type },
      { title: "VERSIONS", value: ({ versions }) => versions.map(({ version }) => version).join(", ") },
      { title: "DEFAULT", value: ({ default_version }) => default_version },
      { title: "PROCESSES", value: ({ processes }) => processes.map(processText).join(", ") },
      { title: "SIZES", value: ({ sizes }) => sizes.map(({ name }) => name).join(", ") },
    ],
    name: ({ app_type }) => app_type,
    nothing: "There is nothing to deploy.",
  });
  return undefined;
}

const processText = ({ name, scalable, min_replicas, max_replicas }: App["processes"][number]): string =>
  scalable ? `${name} (${min_replicas}-${max_replicas})` : name;

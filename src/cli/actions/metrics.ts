/** `onvera metrics`: CPU and memory of every process, and the requests at the gateway, now or over time. */
import type { Data } from "../api/contract.ts";
import { deploymentId } from "../find-deployment.ts";
import { argument, type Invocation, isSet, text } from "../invocation.ts";
import { lengthOfTime } from "../options.ts";
import { megabytes } from "../output/megabytes.ts";
import { secondsText } from "../output/seconds-text.ts";
import { fields, table } from "../output/table.ts";
import { showHistory } from "./metrics-history.ts";

const HOUR_SECONDS = 3600;

/** Prints the figures of this moment, or with --since or --history those of a span of time. */
export async function run(invocation: Invocation): Promise<undefined> {
  const api = invocation.api();
  const id = await deploymentId(api, argument(invocation, 0));
  const since = text(invocation, "since");
  if (since !== undefined || isSet(invocation, "history")) {
    await showHistory(invocation, id, lengthOfTime("--since", since) ?? HOUR_SECONDS);
    return undefined;
  }
  const metrics = await api.call("getDeploymentMetrics", { path: { deployment_id: id } });
  const { gateway, processes } = metrics;
  invocation.output.data(metrics, {
    names: () => processes.map(({ name, replica }) => `${name}.${replica}`),
    table: (hasColor) =>
      `${table(
        [
          { title: "PROCESS", value: ({ name, replica }) => `${name}.${replica}` },
          { title: "CPU", value: ({ cpu_percent }) => `${cpu_percent.toFixed(1)} %` },
          { title: "CPU TIME", value: ({ cpu_seconds }) => secondsText(cpu_seconds) },
          { title: "MEMORY", value: ({ memory_bytes }) => megabytes(memory_bytes) },
          { title: "RESTARTS", value: ({ restarts }) => String(restarts) },
        ],
        processes,
        hasColor,
      )}${gatewayText(gateway)}`,
  });
  return undefined;
}

/** Nothing where another gateway than the platform's leads to the app. */
function gatewayText(gateway: Data<"getDeploymentMetrics">["gateway"]): string {
  if (gateway === null) return "";
  const { p50, p95, p99 } = gateway.latency_milliseconds;
  return `\n${fields([
    ["Requests", String(gateway.requests)],
    ["Errors", String(gateway.errors)],
    ["Sent", megabytes(gateway.bytes_out)],
    ["Latency", `p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms`],
  ])}`;
}

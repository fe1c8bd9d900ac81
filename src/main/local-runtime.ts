/** How the server looks at deployments of this node: the supervisor's answers in the API's words. */
import type { SupervisorClient } from "../local/supervisor/client-port.ts";
import { SupervisorError } from "../local/supervisor/client-port.ts";
import type { HealthReport } from "../local/supervisor/protocol.ts";
import {
  type LogRequest,
  type RuntimeReader,
  type RuntimeTarget,
  RuntimeUnavailable,
} from "../server/runtime-reader.ts";
import type { HealthView } from "../server/schemas/runtime.ts";

export interface LocalRuntimeOptions {
  supervisor: SupervisorClient;
  /** The node this server runs on; deployments of other nodes cannot be asked from here. */
  nodeId: string;
}

export function createLocalRuntime({ supervisor, nodeId }: LocalRuntimeOptions): RuntimeReader {
  const ours = (target: RuntimeTarget) => {
    if (target.clusterKind === "local" && target.node === nodeId) return;
    throw new RuntimeUnavailable(`The deployment runs on node ${target.node ?? "unknown"}. Ask the server there.`);
  };
  return {
    async health(target) {
      ours(target);
      return healthView(await asked(supervisor.getHealth(target.deploymentId)));
    },
    async metrics(target) {
      ours(target);
      const report = await asked(supervisor.getMetrics(target.deploymentId));
      const { latencyMilliseconds, bytesOut, ...gateway } = report.gateway;
      return {
        at: wholeSeconds(report.at),
        processes: report.processes.map((process) => ({
          name: process.name,
          replica: process.replica,
          cpu_seconds: process.cpuSeconds,
          cpu_percent: process.cpuPercent,
          memory_bytes: process.memoryBytes,
          restarts: process.restarts,
        })),
        gateway: { ...gateway, bytes_out: bytesOut, latency_milliseconds: latencyMilliseconds },
      };
    },
    async *logs(target: RuntimeTarget, request: LogRequest) {
      ours(target);
      const lines = supervisor.getLogs(target.deploymentId, {
        ...request.filter,
        tail: request.tail,
        follow: request.follow,
        signal: request.signal,
        ...(request.process === undefined ? {} : { process: request.process }),
        ...(request.after === undefined ? {} : { after: request.after }),
      });
      try {
        for await (const line of lines) yield { ...line, at: wholeSeconds(line.at) };
      } catch (error) {
        throw unavailable(error);
      }
    },
  };
}

async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw unavailable(error);
  }
}

function unavailable(error: unknown): unknown {
  if (!(error instanceof SupervisorError)) return error;
  return new RuntimeUnavailable(
    error.status === 404
      ? "The node knows nothing of this deployment yet."
      : `The node's supervisor says: ${error.message}`,
    { cause: error },
  );
}

function healthView(report: HealthReport): HealthView {
  return {
    status: report.status,
    front_door: {
      ok: report.frontDoor.ok,
      checked_at: report.frontDoor.checkedAt === null ? null : wholeSeconds(report.frontDoor.checkedAt),
      detail: report.frontDoor.detail,
    },
    processes: report.processes.map((process) => ({
      name: process.name,
      wanted_replicas: process.wantedReplicas,
      replicas: process.replicas.map((replica) => ({
        replica: replica.replica,
        phase: replica.phase,
        started_at: replica.startedAt === null ? null : wholeSeconds(replica.startedAt),
        restarts: replica.restarts,
        last_exit: replica.lastExit,
        reason: replica.reason,
      })),
    })),
    checked_at: wholeSeconds(report.checkedAt),
  };
}

/** The API's timestamps have whole seconds and a Z. */
const wholeSeconds = (iso: string): string => `${new Date(iso).toISOString().slice(0, 19)}Z`;

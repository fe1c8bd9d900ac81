/** Waiting for an app outside Pulumi: by the supervisor's own verdict, so that a start-up failure is told with its last lines. */
import { request } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { failure } from "../../../domain/failures.ts";
import type { SupervisorClient } from "../../../local/supervisor/client-port.ts";
import type { HealthReport, ProcessState } from "../../../local/supervisor/protocol.ts";
import { StepFailure, type StepIo } from "../../worker/target-driver.ts";

const POLL_MILLISECONDS = 100;
/** A process that keeps dying is not waited for until the deadline. */
const GIVE_UP_AFTER_RESTARTS = 4;
const LAST_LINES = 20;

/**
 * Resolves when the front door answers as declared and every process is ready.
 * @throws StepFailure naming the process that keeps dying, with its last lines
 */
export async function waitUntilHealthy(supervisor: SupervisorClient, deploymentId: string, io: StepIo): Promise<void> {
  io.phase("checking_health");
  for (let said = ""; ; ) {
    const report = await supervisor.getHealth(deploymentId);
    if (report.status === "healthy") return;
    const dying = report.processes.find(keepsDying);
    if (dying) throw await crashed(supervisor, deploymentId, dying, io.signal);
    const message = waitingFor(report);
    if (message !== said) io.say(message);
    said = message;
    await wait(POLL_MILLISECONDS, undefined, { signal: io.signal });
  }
}

/** The public address as a browser would ask it, except that nobody has to resolve `*.localhost`. */
export interface PublicAddress {
  host: string;
  /** The gateway's, on this machine. */
  port: number;
  health: { path: string; expectStatus: number };
}

/** Resolves when the deployment answers at its public host, through the gateway (ON-35, ON-44). */
export async function waitUntilReachable(address: PublicAddress, io: StepIo): Promise<void> {
  io.phase("configuring_subdomain");
  while ((await askPublicly(address)) !== address.health.expectStatus) {
    await wait(POLL_MILLISECONDS, undefined, { signal: io.signal });
  }
}

/** The status the public address answers with; undefined when nothing answers. Never rejects. */
export function askPublicly({ host, port, health }: PublicAddress): Promise<number | undefined> {
  return new Promise((resolve) => {
    const asked = request(
      { host: "127.0.0.1", port, path: health.path, headers: { host: `${host}:${port}` }, timeout: 10_000 },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    );
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(undefined));
    asked.end();
  });
}

/** Resolves when no process of the deployment runs any more. */
export async function waitUntilStopped(supervisor: SupervisorClient, deploymentId: string, io: StepIo): Promise<void> {
  for (;;) {
    const report = await supervisor.getHealth(deploymentId);
    const running = report.processes.filter((process) => process.replicas.some((replica) => replica.pid !== null));
    if (running.length === 0) return;
    io.say(`Stopping ${running.map((process) => process.name).join(", ")}`);
    await wait(POLL_MILLISECONDS, undefined, { signal: io.signal });
  }
}

const keepsDying = (process: ProcessState): boolean =>
  process.replicas.some((replica) => replica.phase === "backoff" && replica.restarts >= GIVE_UP_AFTER_RESTARTS);

function waitingFor(report: HealthReport): string {
  const waiting = report.processes.filter((process) => process.replicas.some((replica) => replica.phase !== "ready"));
  if (waiting.length > 0) return `Waiting for ${waiting.map((process) => process.name).join(", ")}`;
  return report.frontDoor.ok ? "Waiting for the last check" : `Waiting for the front door: ${report.frontDoor.detail}`;
}

async function crashed(
  supervisor: SupervisorClient,
  deploymentId: string,
  process: ProcessState,
  signal: AbortSignal,
): Promise<StepFailure> {
  const lines: string[] = [];
  for await (const line of supervisor.getLogs(deploymentId, { process: process.name, tail: LAST_LINES, signal })) {
    lines.push(line.text);
  }
  const replica = process.replicas.find((one) => one.phase === "backoff");
  const ends = `${replica?.lastExit ?? "no exit code"}, ${replica?.restarts ?? 0} restarts`;
  const message = `The process '${process.name}' keeps ending (${ends}).`;
  return new StepFailure(failure("PROCESS_CRASHES", message, { last_log_lines: lines }));
}

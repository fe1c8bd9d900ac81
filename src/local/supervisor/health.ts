/** Whether a deployment is well: what its processes say, and whether its front door answers as declared. */
import type { Deployment } from "./deployment.ts";
import { askHttp } from "./probe-ask.ts";
import type { HealthReport } from "./protocol.ts";

const FRONT_DOOR_TIMEOUT_MILLISECONDS = 5000;

type FrontDoor = HealthReport["frontDoor"];

/** As much of a process as the word for a deployment depends on. */
interface ProcessSummary {
  wantedReplicas: number;
  replicas: readonly { phase: string; restarts: number }[];
}

/** Asks the front door and sums up. Takes as long as the app takes to answer, at most 5 s. */
export async function healthReport(deployment: Deployment): Promise<HealthReport> {
  const frontDoor = await askFrontDoor(deployment);
  const processes = deployment.processStates();
  const upToDate = deployment.groups.every((group) => group.upToDate);
  return {
    status: healthStatus(processes, frontDoor.ok, upToDate),
    frontDoor,
    processes,
    checkedAt: new Date().toISOString(),
  };
}

/**
 * The one word for a deployment.
 * @param frontDoorOk whether the health URL answered as declared
 * @param upToDate false while copies of an earlier definition still run: they are well, but not what was asked for
 */
export function healthStatus(
  processes: readonly ProcessSummary[],
  frontDoorOk: boolean,
  upToDate: boolean,
): HealthReport["status"] {
  const wanted = processes.filter((process) => process.wantedReplicas > 0);
  if (wanted.length === 0) return "stopped";
  const allReady = wanted.every(
    (process) => process.replicas.filter(({ phase }) => phase === "ready").length >= process.wantedReplicas,
  );
  if (allReady && frontDoorOk) return upToDate ? "healthy" : "starting";
  const replicas = wanted.flatMap((process) => process.replicas);
  // A copy that has failed before is not on its way any more, even if it is being started again.
  const onTheWay = replicas.every(
    ({ phase, restarts }) => phase === "ready" || (phase === "starting" && restarts === 0),
  );
  if (onTheWay && !allReady) return "starting";
  return frontDoorOk ? "degraded" : "unhealthy";
}

async function askFrontDoor(deployment: Deployment): Promise<FrontDoor> {
  const definition = deployment.groups.map((group) => group.definition).find((each) => each.frontDoor !== null);
  const checkedAt = new Date().toISOString();
  if (definition?.frontDoor == null) return { ok: false, checkedAt: null, detail: "No process is the front door yet." };
  if (definition.stopped) return { ok: false, checkedAt: null, detail: "The deployment is stopped." };
  const { path, expectStatus, port: portName } = definition.frontDoor;
  const port = deployment.record.ports[portName];
  if (port === undefined)
    return { ok: false, checkedAt: null, detail: `No port is leased under the name ${portName}.` };
  const { host } = definition.context;
  const question = { port, path, host, timeoutMilliseconds: FRONT_DOOR_TIMEOUT_MILLISECONDS };
  const answer = await askHttp(question, (status) => status === expectStatus);
  const detail = answer.ok ? answer.detail : `${answer.detail}; ${expectStatus} was expected`;
  return { ok: answer.ok, checkedAt, detail: deployment.clean(detail) };
}

/** Where a request goes, decided from what runs: a port, or a page that says why there is none. */
import type { Deployment } from "../supervisor/deployment.ts";
import { replicaPortName } from "../supervisor/rendering.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";

export type Upstream =
  | { kind: "forward"; deploymentId: string; process: string; port: number }
  | { kind: "unknown" }
  | { kind: "closed" | "stopped" | "starting"; deploymentId: string }
  | { kind: "down"; deploymentId: string; process: string; reason: string };

/**
 * Finds the upstream of a host.
 * @param turn counts up from request to request, so that copies take turns
 */
export function findUpstream(supervisor: Supervisor, host: string, turn: number): Upstream {
  const route = supervisor.routes.find(host);
  if (route === undefined) return { kind: "unknown" };
  const { deploymentId } = route;
  if (route.mode === "closed") return { kind: "closed", deploymentId };
  const deployment = supervisor.deployments.find(({ record }) => record.deploymentId === deploymentId);
  // The gateway opens a moment before the supervisor has read what it is to run.
  if (deployment === undefined) return { kind: "starting", deploymentId };
  return choose(deployment, route.port, turn);
}

function choose(deployment: Deployment, portName: string, turn: number): Upstream {
  const { deploymentId, ports } = deployment.record;
  const group = deployment.groups.find(({ definition }) =>
    definition.process.ports.some(({ name }) => name === portName),
  );
  if (group === undefined) return { kind: "starting", deploymentId };
  if (group.wantedReplicas === 0) return { kind: "stopped", deploymentId };
  const replicas = group.replicas;
  const ready = replicas.filter(({ phase }) => phase === "ready");
  // One that fails its probe may only be busy. When there is no better one, a slow answer beats none.
  const able = ready.length > 0 ? ready : replicas.filter(({ phase }) => phase === "unready");
  const chosen = able[turn % Math.max(1, able.length)];
  const port = chosen === undefined ? undefined : ports[replicaPortName(portName, chosen.index)];
  if (port !== undefined) return { kind: "forward", deploymentId, process: group.name, port };
  // A copy that is being stopped makes room for its successor, however often it failed before.
  const failing = replicas
    .map((replica) => replica.state())
    .find(({ restarts, phase }) => phase === "backoff" || (phase === "starting" && restarts > 0));
  if (failing === undefined) return { kind: "starting", deploymentId };
  const reason = failing.lastExit ?? failing.reason ?? failing.phase;
  return { kind: "down", deploymentId, process: group.name, reason: deployment.clean(reason) };
}

/** The one health word a deployment's resource shows: asked of its node, with little patience. */
import type { ServerDeps } from "../deps.ts";
import type { healthStates } from "../schemas/deployments.ts";
import { type DeploymentRow, runtimeTarget } from "./deployment-rows.ts";

type Health = (typeof healthStates)[number];

/** A list must not wait for a node that does not answer. */
const PATIENCE_MILLISECONDS = 400;

/** Makes the reader; `unknown` where nobody can tell. */
export function createHealthReader({ runtime }: Pick<ServerDeps, "runtime">) {
  return async (row: DeploymentRow): Promise<Health> => {
    if (row.status !== "ready") return row.status === "provisioning" ? "starting" : "unknown";
    if (row.spec.power_state === "stopped") return "stopped";
    let timer: NodeJS.Timeout | undefined;
    const tired = new Promise<Health>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MILLISECONDS, "unknown");
    });
    const asked = runtime.health(runtimeTarget(row)).then(
      ({ status }) => status,
      (): Health => "unknown",
    );
    return Promise.race([asked, tired]).finally(() => clearTimeout(timer));
  };
}

/** `onvera health`: the front door and every copy of every process. */

import { exitCodes } from "../exit-codes.ts";
import { deploymentId } from "../find-deployment.ts";
import { argument, type Invocation } from "../invocation.ts";
import { age } from "../output/elapsed.ts";
import { paintStatus } from "../output/paint.ts";
import { fields, table } from "../output/table.ts";

/** Exit code 1 when the deployment is unhealthy, so that a script can ask. */
export async function run(invocation: Invocation): Promise<number> {
  const { io, output } = invocation;
  const api = invocation.api();
  const id = await deploymentId(api, argument(invocation, 0));
  const health = await api.call("getDeploymentHealth", { path: { deployment_id: id } });
  const rows = health.processes.flatMap(({ name, replicas }) => replicas.map((replica) => ({ name, ...replica })));
  const { front_door } = health;
  output.data(health, {
    names: () => [health.status],
    table: (hasColor) =>
      `${fields([
        ["Health", health.status],
        [
          "Front door",
          `${front_door.ok ? "answers" : "does not answer"}${front_door.detail ? ` (${front_door.detail})` : ""}`,
        ],
        ["Checked at", health.checked_at],
      ])}\n${table(
        [
          { title: "PROCESS", value: ({ name, replica }) => `${name}.${replica}` },
          { title: "PHASE", value: ({ phase }) => phase, paint: paintStatus },
          {
            title: "UP",
            value: ({ started_at }) => (started_at === null ? "" : age(io.now() - Date.parse(started_at))),
          },
          { title: "RESTARTS", value: ({ restarts }) => String(restarts) },
          { title: "REMARK", value: ({ reason, last_exit }) => reason ?? last_exit ?? "" },
        ],
        rows,
        hasColor,
      )}`,
  });
  return health.status === "unhealthy" ? exitCodes.failed : exitCodes.ok;
}

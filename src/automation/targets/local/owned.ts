/** What belongs to a deployment on this machine, recorded or not: found by its ownership mark, and removed by it. */
import { ownershipMark } from "../../../domain/names.ts";
import type { SupervisorClient } from "../../../local/supervisor/client-port.ts";
import type { OwnedThing, Sweep } from "../../worker/target-driver.ts";
import type { AdminConnection } from "../database-server/admin-connection.ts";
import { dropOwnedOnServer, sweepServer } from "../database-server/owned-on-server.ts";
import { sweep } from "../sweep.ts";

export interface OwnedDeps {
  admin: AdminConnection;
  supervisor: SupervisorClient;
}

/** Looks at the database server and at the supervisor. */
export async function findOwnedLocally({ admin, supervisor }: OwnedDeps, deploymentId: string): Promise<Sweep[]> {
  return Promise.all([
    sweepServer(admin, deploymentId),
    sweep("deployment id at the supervisor", `processes, files and routes of ${ownershipMark(deploymentId)}`, () =>
      atSupervisor(supervisor, deploymentId),
    ),
  ]);
}

/**
 * Removes whatever `findOwnedLocally` would find; nothing there is fine.
 * @param fence asked before each removal; throws when this worker's generation is no longer the current one
 */
export async function removeOwnedLocally(
  { admin, supervisor }: OwnedDeps,
  deploymentId: string,
  fence: () => Promise<void>,
): Promise<void> {
  const state = await supervisor.getDeployment(deploymentId);
  if (state !== null) {
    await fence();
    for (const { host } of state.routes) await supervisor.deleteRoute(host);
    await supervisor.deleteDeployment(deploymentId);
  }
  await dropOwnedOnServer(admin, deploymentId, fence);
}

async function atSupervisor(supervisor: SupervisorClient, deploymentId: string): Promise<OwnedThing[]> {
  const state = await supervisor.getDeployment(deploymentId);
  if (state === null) return [];
  const { identity, processes, routes } = state;
  return [
    { type: "onvera:local:Identity", physicalId: deploymentId, detail: `uid ${identity.uid}, ${identity.home}` },
    ...processes.map(({ name }) => ({ type: "onvera:local:Process", physicalId: name, detail: "still declared" })),
    ...routes.map(({ host }) => ({ type: "onvera:local:Route", physicalId: host, detail: "still led to" })),
  ];
}

/** The steps of a driver that only its database server takes part in: the same SQL on every kind of cluster. */
import type { DeploymentContext, TargetDriver } from "../../worker/target-driver.ts";
import type { AdminConnection } from "./admin-connection.ts";
import { dropRestorePoint, endSessions, makeRestorePoint, restoreFromPoint } from "./tenant-database.ts";

type DatabaseSteps = Pick<TargetDriver, "endLockedSessions" | "restorePoint" | "restore" | "dropRestorePoint">;

/**
 * Makes them.
 * @param adminOf the administrator's way to the server a deployment's database is on
 */
export const databaseSteps = (adminOf: (deployment: DeploymentContext) => Promise<AdminConnection>): DatabaseSteps => ({
  async endLockedSessions(deployment, io) {
    await io.checkLease();
    const locked = deployment.spec.database_login === "a" ? "b" : "a";
    await endSessions(await adminOf(deployment), deployment.identity.deploymentId, locked);
  },

  async restorePoint(deployment, io) {
    await io.checkLease();
    await makeRestorePoint(await adminOf(deployment), deployment.identity.deploymentId);
  },

  async restore(deployment, io) {
    await io.checkLease();
    io.say("Putting the database back as it was");
    await restoreFromPoint(await adminOf(deployment), deployment.identity.deploymentId);
  },

  async dropRestorePoint(deployment) {
    await dropRestorePoint(await adminOf(deployment), deployment.identity.deploymentId);
  },
});

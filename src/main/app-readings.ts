/** How a node's sampler asks the apps themselves: where they listen, and the administrator's password out of custody. */
import { createAirflowReader } from "../automation/metrics/airflow-readings.ts";
import { ADMIN_USER, FRONT_PORT } from "../domain/app-catalog.ts";
import type { SupervisorClient } from "../local/supervisor/client-port.ts";
import type { Installation } from "./installation.ts";

/** Gives what an app says of itself; nothing for apps that say nothing. */
export function createAppReadings({ store, custody }: Installation, supervisor: SupervisorClient) {
  const airflow = createAirflowReader();
  return (deploymentId: string): Promise<ReadonlyMap<string, number | null>> =>
    airflow.read(deploymentId, async () => {
      const password = await store.asPlatform(async (db) => {
        const row = await db
          .selectFrom("deployments")
          .select("organization_id")
          .where("id", "=", deploymentId)
          .where("app_type", "=", "airflow")
          .where("destroyed_at", "is", null)
          .executeTakeFirst();
        if (row === undefined) return undefined;
        const { organization_id: organizationId } = row;
        return custody.read(db, { ownerId: deploymentId, organizationId, name: "admin_password" });
      });
      if (password === undefined) return undefined;
      const port = (await supervisor.getDeployment(deploymentId))?.ports[FRONT_PORT];
      return port === undefined ? undefined : { url: `http://127.0.0.1:${port}`, username: ADMIN_USER, password };
    });
}

/** Everything deployments have on this machine, looked up at once: two statements and one request, however many there are. */
import type { SupervisorClient } from "../../../local/supervisor/client-port.ts";
import { SupervisorStatus } from "../../../local/supervisor/protocol.ts";
import type { Inventory } from "../../worker/target-driver.ts";
import { benchItemExists } from "../bench-items.ts";
import type { AdminConnection } from "../database-server/admin-connection.ts";
import { takeServerInventory } from "../database-server/inventory.ts";

export interface InventoryDeps {
  admin: AdminConnection;
  /** Null for installations that run the bench app only. */
  supervisor: SupervisorClient | null;
  benchFolder: string;
}

/** Takes it. @throws when database server or supervisor do not answer: nothing may be concluded then */
export async function takeInventory({ admin, supervisor, benchFolder }: InventoryDeps): Promise<Inventory> {
  const [server, processes] = await Promise.all([
    takeServerInventory(admin),
    supervisor === null ? undefined : processesOf(supervisor),
  ]);
  return {
    holds(deploymentId, { type, physicalId }) {
      switch (type) {
        case "onvera:bench:Item":
          return benchItemExists(benchFolder, deploymentId, physicalId);
        case "onvera:local:Identity":
          return processes?.has(deploymentId);
        case "onvera:local:Process":
          return processes && (processes.get(deploymentId)?.has(processName(physicalId)) ?? false);
        default:
          return server.holds(deploymentId, { type, physicalId });
      }
    },
  };
}

/** A process is recorded as `<deployment id>/<name>`. */
const processName = (physicalId: string): string => physicalId.slice(physicalId.indexOf("/") + 1);

async function processesOf(supervisor: SupervisorClient): Promise<Map<string, Set<string>>> {
  const { deployments } = SupervisorStatus.parse(await supervisor.status());
  return new Map(
    deployments.map(({ deploymentId, processes }) => [deploymentId, new Set(processes.map(({ name }) => name))]),
  );
}

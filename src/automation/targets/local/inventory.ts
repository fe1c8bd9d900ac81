/** Everything deployments have on this machine, looked up at once: two statements and one request, however many there are. */
import { ownershipMark } from "../../../domain/names.ts";
import type { SupervisorClient } from "../../../local/supervisor/client-port.ts";
import { SupervisorStatus } from "../../../local/supervisor/protocol.ts";
import type { Inventory } from "../../worker/target-driver.ts";
import { benchItemExists } from "../bench-items.ts";
import type { AdminConnection } from "./admin-connection.ts";

export interface InventoryDeps {
  admin: AdminConnection;
  /** Null for installations that run the bench app only. */
  supervisor: SupervisorClient | null;
  benchFolder: string;
}

/** Takes it. @throws when database server or supervisor do not answer: nothing may be concluded then */
export async function takeInventory({ admin, supervisor, benchFolder }: InventoryDeps): Promise<Inventory> {
  const [roles, databases, processes] = await Promise.all([
    marks(admin, "SELECT rolname AS name, shobj_description(oid, 'pg_authid') AS mark FROM pg_roles"),
    marks(admin, "SELECT datname AS name, shobj_description(oid, 'pg_database') AS mark FROM pg_database"),
    supervisor === null ? undefined : processesOf(supervisor),
  ]);
  const isMarked = (found: ReadonlyMap<string, string | null>, name: string, deploymentId: string) =>
    found.get(name) === ownershipMark(deploymentId);
  return {
    holds(deploymentId, { type, physicalId }) {
      switch (type) {
        case "postgresql:index/role:Role":
          return isMarked(roles, physicalId, deploymentId);
        case "postgresql:index/database:Database":
          return isMarked(databases, physicalId, deploymentId);
        case "onvera:bench:Item":
          return benchItemExists(benchFolder, deploymentId, physicalId);
        case "onvera:local:Identity":
          return processes?.has(deploymentId);
        case "onvera:local:Process":
          return processes && (processes.get(deploymentId)?.has(processName(physicalId)) ?? false);
        default:
          return undefined;
      }
    },
  };
}

/** A process is recorded as `<deployment id>/<name>`. */
const processName = (physicalId: string): string => physicalId.slice(physicalId.indexOf("/") + 1);

async function marks(admin: AdminConnection, statement: string): Promise<Map<string, string | null>> {
  const { rows } = await admin.in(undefined, (client) =>
    client.query<{ name: string; mark: string | null }>(statement),
  );
  return new Map(rows.map(({ name, mark }) => [name, mark]));
}

async function processesOf(supervisor: SupervisorClient): Promise<Map<string, Set<string>>> {
  const { deployments } = SupervisorStatus.parse(await supervisor.status());
  return new Map(
    deployments.map(({ deploymentId, processes }) => [deploymentId, new Set(processes.map(({ name }) => name))]),
  );
}

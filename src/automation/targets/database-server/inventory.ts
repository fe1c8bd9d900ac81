/** The ownership marks of every role and database of a server, read with two statements however many there are. */
import { ownershipMark } from "../../../domain/names.ts";
import type { Inventory } from "../../worker/target-driver.ts";
import type { AdminConnection } from "./admin-connection.ts";

/** What the server holds of all deployments; `holds` gives undefined for what no database server has. @throws when it does not answer */
export async function takeServerInventory(admin: AdminConnection): Promise<Inventory> {
  const [roles, databases] = await Promise.all([
    marks(admin, "SELECT rolname AS name, shobj_description(oid, 'pg_authid') AS mark FROM pg_roles"),
    marks(admin, "SELECT datname AS name, shobj_description(oid, 'pg_database') AS mark FROM pg_database"),
  ]);
  const found: Readonly<Record<string, ReadonlyMap<string, string | null>>> = {
    "postgresql:index/role:Role": roles,
    "postgresql:index/database:Database": databases,
  };
  return {
    holds: (deploymentId, { type, physicalId }) => {
      const marked = found[type];
      return marked && marked.get(physicalId) === ownershipMark(deploymentId);
    },
  };
}

async function marks(admin: AdminConnection, statement: string): Promise<Map<string, string | null>> {
  const { rows } = await admin.in(undefined, (client) =>
    client.query<{ name: string; mark: string | null }>(statement),
  );
  return new Map(rows.map(({ name, mark }) => [name, mark]));
}

/** The receipt's question about what a database server holds: is it still there, and is it this deployment's? */
import { databaseName } from "../../../domain/names.ts";
import type { LookUp, RecordedResource } from "../../worker/target-driver.ts";
import type { AdminConnection } from "./admin-connection.ts";
import { ownedOnServer } from "./owned-on-server.ts";
import { existsOnServer, tenantDatabases, tenantRoles } from "./tenant-database.ts";

/** Types that make nothing anywhere. */
const inStateOnly = ["random:", "pulumi:"];

/**
 * Looks a role, a database or a grant up, or what lives in the stack's state only.
 * @returns undefined for types that are none of these
 * @throws what the server says when it cannot be asked
 */
export async function lookUpOnServer(
  admin: AdminConnection,
  deploymentId: string,
  { type, physicalId }: Omit<RecordedResource, "urn">,
): Promise<LookUp | undefined> {
  switch (type) {
    case "postgresql:index/role:Role":
      return byName(admin, deploymentId, { kind: "role", type, name: physicalId });
    case "postgresql:index/database:Database":
      return byName(admin, deploymentId, { kind: "database", type, name: physicalId });
    case "postgresql:index/grant:Grant": {
      // A grant lives in its database and goes with it.
      const name = databaseName(deploymentId);
      return { ...(await byName(admin, deploymentId, { kind: "database", type, name })), goesWithAnother: true };
    }
    default:
      if (inStateOnly.some((prefix) => type.startsWith(prefix))) {
        return lookUpAnswer(false, "lives in the stack's state only", true);
      }
      return undefined;
  }
}

/** A look-up that was answered. */
export function lookUpAnswer(present: boolean, lookedUpBy: string, ours: boolean): LookUp {
  return { found: present ? "present" : "absent", ours, lookedUpBy, detail: present ? "still there" : "gone" };
}

/** A look-up nobody answered: `unknown`, never `absent`. */
export const noAnswer = (error: unknown): LookUp => ({
  found: "unknown",
  ours: false,
  lookedUpBy: "nothing answered",
  detail: error instanceof Error ? error.message : String(error),
});

async function byName(
  admin: AdminConnection,
  deploymentId: string,
  { kind, type, name }: { kind: "role" | "database"; type: string; name: string },
): Promise<LookUp> {
  const present = await existsOnServer(admin, kind, name);
  // A create that was cut short may have left it without a mark; its name or its owner says whose it is.
  const ours = isNameOf(deploymentId, name) || (present && (await isOwned(admin, deploymentId, type, name)));
  return lookUpAnswer(present, `${kind} name, mark and owner on the database server`, ours);
}

async function isOwned(admin: AdminConnection, deploymentId: string, type: string, name: string): Promise<boolean> {
  const owned = await ownedOnServer(admin, deploymentId);
  return owned.some((thing) => thing.type === type && thing.physicalId === name);
}

const isNameOf = (deploymentId: string, name: string): boolean =>
  name === tenantDatabases(deploymentId)[0] || tenantRoles(deploymentId).includes(name);

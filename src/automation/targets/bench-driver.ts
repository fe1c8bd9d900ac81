/** The driver of installations that run the bench app only: nothing to prepare, nothing to wait for, real look-ups. */
import { ownershipMark } from "../../domain/names.ts";
import type { TargetContext } from "../../domain/program-input.ts";
import type { DeploymentContext, LookUp, RecordedResource, TargetDriver } from "../worker/target-driver.ts";
import { benchItemExists, benchItems, removeBenchItem } from "./bench-items.ts";
import type { AdminConnection } from "./database-server/admin-connection.ts";
import { dropOwnedOnServer, sweepServer } from "./database-server/owned-on-server.ts";
import { takeInventory } from "./local/inventory.ts";
import { sweep } from "./sweep.ts";

export interface BenchDriverDeps {
  admin: AdminConnection;
  /** Where `onvera:bench:Item` writes. */
  ledgerFolder: string;
  database: { host: string; port: number };
}

/** Makes the driver; it serves clusters of kind `local`. */
export function createBenchDriver({ admin, ledgerFolder, database }: BenchDriverDeps): TargetDriver {
  const describe = async ({ identity }: DeploymentContext): Promise<TargetContext> => ({
    target: "local",
    databaseHost: database.host,
    databasePort: database.port,
    templateDatabase: null,
    host: `${identity.hostLabel}.localhost`,
    publicUrl: `http://${identity.hostLabel}.localhost`,
  });
  const nothing = async () => undefined;
  return {
    describe,
    prepare: describe,
    writeRevision: async ({ revision }) => String(revision),
    waitReady: nothing,
    endLockedSessions: nothing,
    revokeAccess: nothing,
    removeDatabaseTenant: nothing,
    restorePoint: nothing,
    restore: nothing,
    dropRestorePoint: nothing,
    forget: nothing,
    findOwned: ({ identity: { deploymentId } }) =>
      Promise.all([
        sweepServer(admin, deploymentId),
        sweep("ledger folder", `items of ${ownershipMark(deploymentId)}`, () => benchItems(ledgerFolder, deploymentId)),
      ]),
    takeInventory: () => takeInventory({ admin, supervisor: null, benchFolder: ledgerFolder }),
    removeOwned: async ({ identity: { deploymentId } }, io) => {
      await dropOwnedOnServer(admin, deploymentId, () => io.checkLease());
      await io.checkLease();
      for (const { physicalId } of await benchItems(ledgerFolder, deploymentId)) {
        await removeBenchItem(ledgerFolder, deploymentId, physicalId);
      }
    },
    lookUp: async ({ identity }, resource) => {
      const stack = identity.deploymentId;
      if (resource.type === "onvera:bench:Item") {
        const there = benchItemExists(ledgerFolder, stack, resource.physicalId);
        return { found: there ? "present" : "absent", ours: true, lookedUpBy: "ledger file", detail: "" };
      }
      return lookUpOnServer(admin, stack, resource);
    },
  };
}

const questions: Readonly<Record<string, string>> = {
  "postgresql:index/role:Role": "SELECT shobj_description(oid, 'pg_authid') AS mark FROM pg_roles WHERE rolname = $1",
  "postgresql:index/database:Database":
    "SELECT shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = $1",
};

async function lookUpOnServer(admin: AdminConnection, stack: string, resource: RecordedResource): Promise<LookUp> {
  const question = questions[resource.type];
  const lookedUpBy = "name and ownership mark on the database server";
  if (question === undefined) return { found: "absent", ours: true, lookedUpBy: "state only", detail: "" };
  return admin.in(undefined, async (client) => {
    const { rows } = await client.query<{ mark: string | null }>(question, [resource.physicalId]);
    const row = rows[0];
    if (row === undefined) return { found: "absent", ours: true, lookedUpBy, detail: "" };
    // The mark follows the create; a database killed in between has none yet, and no other stack's either.
    const ours = row.mark === null || row.mark === ownershipMark(stack);
    return { found: "present", ours, lookedUpBy, detail: row.mark ?? "no mark" };
  });
}

/**
 * Everything on a database server that carries a deployment's ownership mark, found by the mark and not by what was recorded:
 * the mark itself, what a marked role owns, and the names that are made for this deployment only.
 */
import pg from "pg";
import { ownershipMark } from "../../../domain/names.ts";
import type { OwnedThing, Sweep } from "../../worker/target-driver.ts";
import { sweep } from "../sweep.ts";
import { type AdminConnection, dropDatabase, dropRole } from "./admin-connection.ts";
import { tenantDatabases, tenantRoles } from "./tenant-database.ts";

const typeOf = { database: "postgresql:index/database:Database", role: "postgresql:index/role:Role" } as const;

interface OwnedRow {
  kind: keyof typeof typeOf;
  name: string;
  mark: string | null;
}

/** Roles and databases, in the order they can be dropped in. Something that carries another deployment's mark is never among them. */
export async function ownedOnServer(admin: AdminConnection, deploymentId: string): Promise<OwnedThing[]> {
  const rows = await admin.in(undefined, (client) => ownedRows(client, deploymentId));
  return rows.map(({ kind, name, mark }) => ({
    type: typeOf[kind],
    physicalId: name,
    detail: mark === null ? "no mark, but its name or its owner" : `marked ${mark}`,
  }));
}

/** The receipt's look at the server. */
export const sweepServer = (admin: AdminConnection, deploymentId: string): Promise<Sweep> =>
  sweep("ownership mark on the database server", `roles and databases of ${ownershipMark(deploymentId)}`, () =>
    ownedOnServer(admin, deploymentId),
  );

/**
 * Drops them. One that cannot be dropped does not keep the others: the look-up that follows says what is left.
 * @param fence asked before each drop; throws when this worker's generation is no longer the current one
 */
export async function dropOwnedOnServer(
  admin: AdminConnection,
  deploymentId: string,
  fence: () => Promise<void>,
): Promise<void> {
  await admin.in(undefined, async (client) => {
    for (const { kind, name } of await ownedRows(client, deploymentId)) {
      await fence();
      const drop = kind === "database" ? dropDatabase : dropRole;
      await drop(client, name).catch((error: unknown) => {
        if (!(error instanceof pg.DatabaseError)) throw error;
      });
    }
  });
}

async function ownedRows(client: pg.Client, deploymentId: string): Promise<OwnedRow[]> {
  const { rows } = await client.query<OwnedRow>(
    `WITH roles AS (
       SELECT r.oid, r.rolname, d.description AS mark FROM pg_roles r
       LEFT JOIN pg_shdescription d ON d.classoid = 'pg_authid'::regclass AND d.objoid = r.oid
       WHERE d.description = $1 OR (r.rolname = ANY($3) AND COALESCE(d.description, '') NOT LIKE 'onvera:%')
     )
     SELECT 'database' AS kind, b.datname AS name, d.description AS mark FROM pg_database b
     LEFT JOIN pg_shdescription d ON d.classoid = 'pg_database'::regclass AND d.objoid = b.oid
     WHERE d.description = $1
        OR ((b.datname = ANY($2) OR b.datdba IN (SELECT oid FROM roles)) AND COALESCE(d.description, '') NOT LIKE 'onvera:%')
     UNION ALL
     SELECT 'role', rolname, mark FROM roles
     ORDER BY kind, name`,
    [ownershipMark(deploymentId), tenantDatabases(deploymentId), tenantRoles(deploymentId)],
  );
  return rows;
}

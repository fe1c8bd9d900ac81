/** A deployment's database from the administrator's side: shut out its user, take it away, keep and bring back a copy. */
import pg from "pg";
import type { LoginSide } from "../../../domain/database-logins.ts";
import { databaseName, loginRoleName, ownerRoleName } from "../../../domain/names.ts";
import {
  type AdminConnection,
  closeDatabase,
  databaseExists,
  dropDatabase,
  dropRole,
  endSessionsOf,
  roleExists,
} from "./admin-connection.ts";

/** Name of the copy a version update falls back to. */
const restorePointName = (deploymentId: string): string => `${databaseName(deploymentId)}_rp`;

/** Name the broken database gets while its copy is put in its place. */
const setAsideName = (deploymentId: string): string => `${databaseName(deploymentId)}_bad`;

/** Every database a deployment can have: its own, the copy, the broken one. */
export const tenantDatabases = (deploymentId: string): [string, string, string] => [
  databaseName(deploymentId),
  restorePointName(deploymentId),
  setAsideName(deploymentId),
];

/** Every role a deployment has; the logins before their owner. */
export const tenantRoles = (deploymentId: string): string[] => [
  loginRoleName(deploymentId, "a"),
  loginRoleName(deploymentId, "b"),
  ownerRoleName(deploymentId),
];

/** Destroy, step 1: the logins can no longer log in and their sessions end. Repeating it is fine. */
export async function revokeTenantLogins(admin: AdminConnection, deploymentId: string): Promise<void> {
  await admin.in(undefined, async (client) => {
    for (const role of [loginRoleName(deploymentId, "a"), loginRoleName(deploymentId, "b")]) {
      if (!(await roleExists(client, role))) continue;
      await client.query(`ALTER ROLE ${pg.escapeIdentifier(role)} NOLOGIN`);
      await endSessionsOf(client, role);
    }
  });
}

/** Ends every session of one login. Repeating it is fine. */
export async function endSessions(admin: AdminConnection, deploymentId: string, side: LoginSide): Promise<void> {
  await admin.in(undefined, (client) => endSessionsOf(client, loginRoleName(deploymentId, side)));
}

/**
 * Destroy, step 2: database, restore point and roles are dropped. Repeating it is fine, and so is what is half gone.
 * `fence` is asked before each drop and throws when this worker's generation is no longer the current one.
 */
export async function removeTenantDatabase(
  admin: AdminConnection,
  deploymentId: string,
  fence: () => Promise<void>,
): Promise<void> {
  await admin.in(undefined, async (client) => {
    // Also what the app or its admin made under one of its roles: no role goes while something is its own.
    const { rows: owned } = await client.query<{ datname: string }>(
      "SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = ANY($1)",
      [tenantRoles(deploymentId)],
    );
    for (const name of new Set([...tenantDatabases(deploymentId), ...owned.map(({ datname }) => datname)])) {
      if (!(await databaseExists(client, name))) continue;
      await fence();
      await dropDatabase(client, name);
    }
    for (const role of tenantRoles(deploymentId)) {
      if (!(await roleExists(client, role))) continue;
      await fence();
      await dropRole(client, role);
    }
  });
}

/**
 * Copies the deployment's database beside it, replacing an older copy. Nothing may use it meanwhile: its processes must
 * be stopped; what still holds a session loses it.
 */
export async function makeRestorePoint(admin: AdminConnection, deploymentId: string): Promise<void> {
  const [source, copy] = [databaseName(deploymentId), restorePointName(deploymentId)];
  await admin.in(undefined, async (client) => {
    await dropDatabase(client, copy);
    await closeDatabase(client, source);
    try {
      await client.query(
        `CREATE DATABASE ${pg.escapeIdentifier(copy)} TEMPLATE ${pg.escapeIdentifier(source)} OWNER ${pg.escapeIdentifier(ownerRoleName(deploymentId))}`,
      );
      await client.query(`REVOKE ALL ON DATABASE ${pg.escapeIdentifier(copy)} FROM PUBLIC`);
      await client.query(`ALTER DATABASE ${pg.escapeIdentifier(copy)} WITH ALLOW_CONNECTIONS false`);
    } finally {
      await client.query(`ALTER DATABASE ${pg.escapeIdentifier(source)} WITH ALLOW_CONNECTIONS true`);
    }
  });
}

/**
 * Puts the copy in the database's place. The copy becomes the database by renaming, so it is never half restored.
 * @returns false when there is no copy to go back to
 */
export async function restoreFromPoint(admin: AdminConnection, deploymentId: string): Promise<boolean> {
  const [current, copy, aside] = tenantDatabases(deploymentId);
  return admin.in(undefined, async (client) => {
    if (!(await databaseExists(client, copy))) return false;
    if (await databaseExists(client, current)) {
      await dropDatabase(client, aside);
      await closeDatabase(client, current);
      await client.query(`ALTER DATABASE ${pg.escapeIdentifier(current)} RENAME TO ${pg.escapeIdentifier(aside)}`);
    }
    const comment = await client.query(
      "SELECT shobj_description(oid, 'pg_database') AS text FROM pg_database WHERE datname = $1",
      [aside],
    );
    await client.query(`ALTER DATABASE ${pg.escapeIdentifier(copy)} RENAME TO ${pg.escapeIdentifier(current)}`);
    await client.query(`ALTER DATABASE ${pg.escapeIdentifier(current)} WITH ALLOW_CONNECTIONS true`);
    const mark = comment.rows[0]?.text as string | null | undefined;
    if (mark) {
      await client.query(`COMMENT ON DATABASE ${pg.escapeIdentifier(current)} IS ${pg.escapeLiteral(mark)}`);
    }
    await dropDatabase(client, aside);
    return true;
  });
}

/** Drops the copy once the update has proven itself. */
export async function dropRestorePoint(admin: AdminConnection, deploymentId: string): Promise<void> {
  await admin.in(undefined, (client) => dropDatabase(client, restorePointName(deploymentId)));
}

/** Whether a role or database of that name exists; the receipt's question. */
export async function existsOnServer(
  admin: AdminConnection,
  kind: "role" | "database",
  name: string,
): Promise<boolean> {
  return admin.in(undefined, (client) => (kind === "role" ? roleExists(client, name) : databaseExists(client, name)));
}

/** Service accounts: programs that are in an organization as themselves, with a role and keys, and never with a session. */
import { sql } from "kysely";
import { OnveraError } from "../../domain/errors.ts";
import { newId, parseId } from "../../domain/ids.ts";
import type { ProjectRole } from "../../domain/membership.ts";
import type { Role } from "../../domain/permissions.ts";
import { timestamp, timestampOrNull } from "../../domain/timestamps.ts";
import type { Scoped } from "../../store/database.ts";
import { API_BASE } from "../openapi.ts";
import { endOpenStreams } from "./members.ts";

const MOST = 200;

export interface ServiceAccount {
  id: string;
  name: string;
  description: string;
  role: Role;
  created_by: string;
  created_at: Date;
  active_keys: number;
  last_used_at: Date | null;
}

export interface NewAccount {
  organizationId: string;
  name: string;
  description: string;
  role: ProjectRole;
  createdBy: string;
}

/** @throws OnveraError RESOURCE_CONFLICT when the organization has as many as it may */
export async function insertServiceAccount(db: Scoped, wanted: NewAccount): Promise<ServiceAccount> {
  const { organizationId, name, description, role, createdBy } = wanted;
  if ((await listServiceAccounts(db, organizationId)).length >= MOST) {
    throw new OnveraError("RESOURCE_CONFLICT", { message: `An organization has at most ${MOST} service accounts` });
  }
  const id = newId("serviceAccount");
  // Nobody receives mail under .invalid (RFC 2606), so that no person can ever come in as an account.
  await db
    .insertInto("users")
    .values({ id, email: `${id}@service-accounts.invalid`, name })
    .execute();
  await db
    .insertInto("service_accounts")
    .values({ id, organization_id: organizationId, description, created_by: createdBy })
    .execute();
  await db.insertInto("memberships").values({ organization_id: organizationId, user_id: id, role }).execute();
  return findServiceAccount(db, organizationId, id);
}

/** All accounts of an organization, newest first. */
export const listServiceAccounts = (db: Scoped, organizationId: string): Promise<ServiceAccount[]> =>
  accountsOf(db, organizationId).orderBy("a.created_at", "desc").orderBy("a.id", "desc").execute();

/** @throws OnveraError SERVICE_ACCOUNT_NOT_FOUND, for a foreign one and a deleted one too */
export async function findServiceAccount(db: Scoped, organizationId: string, id: string): Promise<ServiceAccount> {
  const found = await accountsOf(db, organizationId)
    .where("a.id", "=", parseId("serviceAccount", id) ?? "")
    .executeTakeFirst();
  if (!found) throw new OnveraError("SERVICE_ACCOUNT_NOT_FOUND");
  return found;
}

export interface AccountChange {
  name?: string | undefined;
  description?: string | undefined;
  role?: ProjectRole | undefined;
}

/** Changes what is given; open streams of the account ask again what it may. */
export async function changeServiceAccount(
  db: Scoped,
  organizationId: string,
  { id }: ServiceAccount,
  { name, description, role }: AccountChange,
): Promise<ServiceAccount> {
  if (name !== undefined) await db.updateTable("users").set({ name }).where("id", "=", id).execute();
  if (description !== undefined)
    await db.updateTable("service_accounts").set({ description }).where("id", "=", id).execute();
  if (role !== undefined) {
    await db
      .updateTable("memberships")
      .set({ role })
      .where("organization_id", "=", organizationId)
      .where("user_id", "=", id)
      .execute();
    await endOpenStreams(db, organizationId, id);
  }
  return findServiceAccount(db, organizationId, id);
}

/** Ends an account for ever: its keys, its roles, its open streams. The audit log goes on naming it. */
export async function deleteServiceAccount(
  db: Scoped,
  organizationId: string,
  { id }: ServiceAccount,
): Promise<{ revokedKeys: number }> {
  await endOpenStreams(db, organizationId, id);
  const revoked = await db
    .updateTable("api_keys")
    .set({ revoked_at: sql`now()` })
    .where("user_id", "=", id)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  await db.deleteFrom("memberships").where("user_id", "=", id).execute();
  await db.updateTable("service_accounts").set({ deleted_at: sql`now()` }).where("id", "=", id).execute();
  return { revokedKeys: Number(revoked.numUpdatedRows) };
}

/** An account as the API shows it. */
export const serviceAccountView = (account: ServiceAccount) => ({
  id: account.id,
  name: account.name,
  description: account.description,
  role: account.role as ProjectRole,
  created_by: account.created_by,
  created_at: timestamp(account.created_at),
  active_keys: account.active_keys,
  last_used_at: timestampOrNull(account.last_used_at),
  links: {
    self: `${API_BASE}/service-accounts/${account.id}`,
    keys: `${API_BASE}/service-accounts/${account.id}/keys`,
  },
});

const accountsOf = (db: Scoped, organizationId: string) =>
  db
    .selectFrom("service_accounts as a")
    .innerJoin("users as u", "u.id", "a.id")
    .innerJoin("memberships as m", (join) =>
      join.onRef("m.user_id", "=", "a.id").onRef("m.organization_id", "=", "a.organization_id"),
    )
    .select(["a.id", "u.name", "a.description", "m.role", "a.created_by", "a.created_at"])
    .select((eb) => [
      eb
        .selectFrom("api_keys as k")
        .select(({ fn }) => fn.max("k.last_used_at").as("at"))
        .whereRef("k.user_id", "=", "a.id")
        .as("last_used_at"),
      sql<number>`(SELECT count(*) FROM api_keys k WHERE k.user_id = a.id AND k.revoked_at IS NULL
        AND (k.expires_at IS NULL OR k.expires_at > now()))`.as("active_keys"),
    ])
    .where("a.organization_id", "=", organizationId)
    .where("a.deleted_at", "is", null);

/** What a new installation gets before its first request: this machine as a cluster, an organization, its admin and a key. */
import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { newId } from "../domain/ids.ts";
import { writeAudit } from "../store/audit.ts";
import type { Scoped, Store } from "../store/database.ts";
import { insertApiKey } from "./services/api-keys.ts";
import { insertOrganization } from "./services/organizations.ts";
import { ensureUser, hashPassword } from "./services/users.ts";

export interface FirstRunOptions {
  /** The node's id; its cluster row is made, or brought up to date with domain and ports. */
  node: string;
  /** @default "localhost" */
  domain?: string;
  gatewayHttpPort: number;
  gatewayHttpsPort: number;
  organizationName?: string;
  adminEmail?: string;
}

export interface FirstRunResult {
  clusterId: string;
  organizationId: string;
  userId: string;
  /** Present only when they were made now; they can be had only this once. */
  made?: { apiKey: string; adminEmail: string; adminPassword: string };
}

const SYSTEM = { kind: "system", id: "setup", name: "Setup" } as const;

/** Makes what is missing; safe when several processes start at once, and on every start. */
export async function ensureFirstRun(store: Store, options: FirstRunOptions): Promise<FirstRunResult> {
  const adminEmail = options.adminEmail ?? "admin@localhost";
  const adminPassword = randomBytes(18).toString("base64url");
  const isNew = await store.asPlatform(
    async (db) => (await db.selectFrom("organizations").select("id").limit(1).executeTakeFirst()) === undefined,
  );
  // Hashing takes a while and a core: outside the lock, and only where it may be needed.
  const passwordHash = isNew ? await hashPassword(adminPassword) : undefined;
  return store.asPlatform(async (db) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended('onvera first run', 0))`.execute(db);
    const clusterId = await ensureLocalCluster(db, options);
    const existing = await firstOrganization(db);
    if (existing) return { clusterId, ...existing };

    const { id: userId } = await ensureUser(db, {
      email: adminEmail,
      name: "Admin",
      passwordHash,
      isPlatformOperator: true,
    });
    const organization = await insertOrganization(
      db,
      { name: options.organizationName ?? "My organization", clusterId, ownerId: userId },
      { singleOrganization: false },
    );
    const { key, row } = await insertApiKey(db, {
      organizationId: organization.id,
      userId,
      name: "This machine",
      scopes: undefined,
      expiresAt: null,
    });
    const line = { organizationId: organization.id, actor: SYSTEM, origin: "system" };
    await writeAudit(db, {
      ...line,
      action: "organization.create",
      targetType: "organization",
      targetId: organization.id,
    });
    await writeAudit(db, { ...line, action: "api_key.create", targetType: "api_key", targetId: row.id });
    return {
      clusterId,
      organizationId: organization.id,
      userId,
      made: { apiKey: key, adminEmail, adminPassword },
    };
  });
}

/** Makes another key for the first admin, for a machine that lost its own. */
export async function issueAdminKey(store: Store, name: string): Promise<string> {
  return store.asPlatform(async (db) => {
    const found = await firstOrganization(db);
    if (!found) throw new Error("There is no organization yet. Start the control plane once first.");
    const { key, row } = await insertApiKey(db, { ...found, name, scopes: undefined, expiresAt: null });
    await writeAudit(db, {
      organizationId: found.organizationId,
      actor: SYSTEM,
      origin: "system",
      action: "api_key.create",
      targetType: "api_key",
      targetId: row.id,
    });
    return key;
  });
}

async function ensureLocalCluster(db: Scoped, options: FirstRunOptions): Promise<string> {
  const settings = JSON.stringify({
    gateway_http_port: options.gatewayHttpPort,
    gateway_https_port: options.gatewayHttpsPort,
  });
  const domain = options.domain ?? "localhost";
  const existing = await db
    .updateTable("clusters")
    .set({ settings: sql<string>`settings || ${settings}::jsonb`, domain })
    .where("kind", "=", "local")
    .where("node", "=", options.node)
    .returning("id")
    .executeTakeFirst();
  if (existing) return existing.id;
  const id = newId("cluster");
  await db
    .insertInto("clusters")
    .values({ id, kind: "local", name: "This machine", domain, node: options.node, settings })
    .execute();
  return id;
}

/** The first organization and its first owner. */
const firstOrganization = (db: Scoped) =>
  db
    .selectFrom("organizations as o")
    .innerJoin("memberships as m", "m.organization_id", "o.id")
    .where("m.role", "=", "owner")
    .orderBy("o.created_at")
    .orderBy("m.created_at")
    .select(["o.id as organizationId", "m.user_id as userId"])
    .executeTakeFirst();

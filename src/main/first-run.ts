/** The first start: this node's cluster, the first organization, its admin (who is the platform operator too) and the CLI's key. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { sql } from "kysely";
import { newId } from "../domain/ids.ts";
import { insertApiKey } from "../server/services/api-keys.ts";
import { insertOrganization } from "../server/services/organizations.ts";
import { ensureUser, hashPassword } from "../server/services/users.ts";
import { writeAudit } from "../store/audit.ts";
import type { Scoped } from "../store/database.ts";
import type { Actor } from "../store/tables/audit.ts";
import { ensureSecretFile } from "./credentials-file.ts";
import type { Installation } from "./installation.ts";
import { firstAdminFile, localKeyFile } from "./local-key.ts";

const ADMIN_EMAIL = "admin@localhost";
const ORGANIZATION_NAME = "Default";
const LOCAL_KEY_NAME = "this machine's CLI";

const system: Actor = { kind: "system", id: "installation", name: "first start" };

/** A worker alone makes its node known, and nothing else: organization, administrator and key are the server's to make. */
export async function welcomeNode({ store, settings }: Installation): Promise<void> {
  await store.asPlatform(async (db) => {
    await lockFirstStart(db);
    await ensureLocalCluster(db, settings);
  });
}

/** Idempotent: a second start, or a second process starting at the same time, finds everything there. */
export async function welcome(installation: Installation): Promise<void> {
  const { store, settings, paths } = installation;
  const admin = JSON.parse(
    ensureSecretFile(firstAdminFile(paths), () =>
      JSON.stringify({ email: ADMIN_EMAIL, password: randomBytes(15).toString("base64url") }),
    ),
  ) as { email: string; password: string };
  // Hashed before the transaction: it takes longer than all of its statements.
  const passwordHash = await hashPassword(admin.password);
  await store.asPlatform(async (db) => {
    await lockFirstStart(db);
    const clusterId = await ensureLocalCluster(db, settings);
    const { id: user } = await ensureUser(db, {
      email: admin.email,
      name: "Admin",
      passwordHash,
      isPlatformOperator: true,
    });
    const organizationId = await ensureOrganization(db, user, clusterId);
    if (existsSync(localKeyFile(paths))) return;
    const { key } = await insertApiKey(db, {
      organizationId,
      userId: user,
      name: LOCAL_KEY_NAME,
      scopes: undefined,
      expiresAt: null,
    });
    await writeAudit(db, {
      organizationId,
      actor: system,
      origin: "system",
      action: "api_key.create",
      targetType: "api_key",
      targetId: LOCAL_KEY_NAME,
    });
    ensureSecretFile(localKeyFile(paths), () => key);
  });
}

/** Two processes that start at once on an empty database take turns. */
async function lockFirstStart(db: Scoped): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended('onvera first start', 0))`.execute(db);
}

/** Makes this node's cluster known, or its ports and domain where it is. @returns its id */
async function ensureLocalCluster(db: Scoped, settings: Installation["settings"]): Promise<string> {
  const { nodeId: node, domain, gatewayHttpPort, gatewayHttpsPort } = settings;
  const facts = JSON.stringify({ gateway_http_port: gatewayHttpPort, gateway_https_port: gatewayHttpsPort });
  const known = await db.selectFrom("clusters").select("id").where("node", "=", node).executeTakeFirst();
  if (known) {
    await db.updateTable("clusters").set({ settings: facts, domain }).where("id", "=", known.id).execute();
    return known.id;
  }
  const id = newId("cluster");
  await db
    .insertInto("clusters")
    .values({ id, kind: "local", name: "this machine", domain, node, settings: facts })
    .execute();
  return id;
}

/** Its default environment is on this node's own cluster, whichever other node made itself known before. */
async function ensureOrganization(db: Scoped, ownerId: string, clusterId: string): Promise<string> {
  const known = await db.selectFrom("organizations").select("id").orderBy("created_at").limit(1).executeTakeFirst();
  if (known) return known.id;
  const organization = await insertOrganization(
    db,
    { name: ORGANIZATION_NAME, ownerId, clusterId },
    { singleOrganization: false },
  );
  return organization.id;
}

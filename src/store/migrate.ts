/** Brings the schema up to date. Safe when several processes do it at once: they take turns. */
import { Kysely, type Migration, Migrator, PostgresDialect } from "kysely";
import pg from "pg";
import * as foundation from "./migrations/0001-foundation.ts";
import * as pulumiState from "./migrations/0002-pulumi-state.ts";
import * as accessLookups from "./migrations/0003-access-lookups.ts";
import * as queue from "./migrations/0004-queue.ts";
import * as members from "./migrations/0005-members.ts";
import * as ownAppRole from "./migrations/0006-own-app-role.ts";
import * as auditChain from "./migrations/0007-audit-chain.ts";
import * as signInAttempts from "./migrations/0008-sign-in-attempts.ts";
import * as stateVersions from "./migrations/0009-state-versions.ts";
import * as resourceDependencies from "./migrations/0010-resource-dependencies.ts";
import * as metricBlocks from "./migrations/0011-metric-blocks.ts";
import * as appliedInput from "./migrations/0012-applied-input.ts";
import * as cliLogins from "./migrations/0013-cli-logins.ts";
import * as webhooks from "./migrations/0014-webhooks.ts";
import * as traces from "./migrations/0015-traces.ts";
import * as serviceAccounts from "./migrations/0016-service-accounts.ts";
import * as kubernetesClusters from "./migrations/0017-kubernetes-clusters.ts";
import * as providerRecords from "./migrations/0018-provider-records.ts";
import * as identityProviders from "./migrations/0019-identity-providers.ts";
import * as mails from "./migrations/0020-mails.ts";
import * as accessSyncs from "./migrations/0021-access-syncs.ts";
import * as clusterIdentity from "./migrations/0022-cluster-identity.ts";
import * as cheaperAuditLink from "./migrations/0023-cheaper-audit-link.ts";

/** Every migration in order; a released one is never edited. */
export const migrations: Record<string, Migration> = {
  "0001-foundation": foundation,
  "0002-pulumi-state": pulumiState,
  "0003-access-lookups": accessLookups,
  "0004-queue": queue,
  "0005-members": members,
  "0006-own-app-role": ownAppRole,
  "0007-audit-chain": auditChain,
  "0008-sign-in-attempts": signInAttempts,
  "0009-state-versions": stateVersions,
  "0010-resource-dependencies": resourceDependencies,
  "0011-metric-blocks": metricBlocks,
  "0012-applied-input": appliedInput,
  "0013-cli-logins": cliLogins,
  "0014-webhooks": webhooks,
  "0015-traces": traces,
  "0016-service-accounts": serviceAccounts,
  "0017-kubernetes-clusters": kubernetesClusters,
  "0018-provider-records": providerRecords,
  "0019-identity-providers": identityProviders,
  "0020-mails": mails,
  "0021-access-syncs": accessSyncs,
  "0022-cluster-identity": clusterIdentity,
  "0023-cheaper-audit-link": cheaperAuditLink,
};

/**
 * Applies all pending migrations as one batch.
 * @returns the names applied now, empty when the schema was up to date
 * @throws the batch's error; nothing of the batch is kept then
 */
export function migrate(connectionString: string): Promise<string[]> {
  return migrateWith(connectionString, migrations);
}

/** The same with the migrations of another version: upgrades are rehearsed so. */
export async function migrateWith(
  connectionString: string,
  known: Readonly<Record<string, Migration>>,
): Promise<string[]> {
  const pool = new pg.Pool({ connectionString, max: 3 });
  // A server that goes away fails the statement under way; it must not end this process without a reason.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  const turn = await pool.connect();
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    // The migrator's own lock needs its table, and IF NOT EXISTS does not make two creates at once safe.
    await turn.query("SELECT pg_advisory_lock(hashtextextended('onvera migrate', 0))");
    await turn.query("CREATE SCHEMA IF NOT EXISTS onvera");
    const migrator = new Migrator({
      db,
      provider: { getMigrations: async () => ({ ...(await appliedByNewer(turn, known)), ...known }) },
      migrationTableSchema: "onvera",
      migrationTableName: "schema_migrations",
      migrationLockTableName: "schema_migrations_lock",
      // Two lines of work may number theirs in one order and be released in the other; each only adds.
      allowUnorderedMigrations: true,
    });
    const { error, results } = await migrator.migrateToLatest();
    if (error) throw error;
    return (results ?? []).filter((result) => result.status === "Success").map((result) => result.migrationName);
  } finally {
    turn.release(true);
    await db.destroy();
  }
}

/** Which migrations of this build the database has not seen. @throws what the database answers, when it does not */
export async function pendingMigrations(pool: pg.Pool): Promise<string[]> {
  const applied = new Set(await appliedNames(pool));
  return Object.keys(migrations).filter((name) => !applied.has(name));
}

async function appliedNames(client: pg.Pool | pg.PoolClient): Promise<string[]> {
  const table = await client.query("SELECT to_regclass('onvera.schema_migrations') AS name");
  if (table.rows[0]?.name === null) return [];
  const { rows } = await client.query<{ name: string }>("SELECT name FROM onvera.schema_migrations");
  return rows.map(({ name }) => name);
}

/**
 * What a newer build has applied and this one does not know. Migrations only add, so an older build goes on working while
 * an upgrade is under way, and may be started again (R13).
 */
async function appliedByNewer(
  client: pg.PoolClient,
  known: Readonly<Record<string, Migration>>,
): Promise<Record<string, Migration>> {
  const unknown = (await appliedNames(client)).filter((name) => !Object.hasOwn(known, name));
  return Object.fromEntries(unknown.map((name) => [name, { up: async () => undefined }]));
}

/**
 * One pre-migrated database per app, version and package: made by the app's real migration once, then cloned for every
 * deployment in a fraction of a second. It holds no admin and no row encrypted under a key.
 */
import { createHash, randomBytes } from "node:crypto";
import pg from "pg";
import type { AppType } from "../../../domain/deployment-spec.ts";
import { longLivedKeys } from "../../../domain/long-lived-keys.ts";
import { templateDatabaseName } from "../../../domain/names.ts";
import type { Workload } from "../../../domain/workload.ts";
import type { SupervisorClient } from "../../../local/supervisor/client-port.ts";
import type { RevisionFiles } from "../../../local/supervisor/revision-files.ts";
import { templateWorkload } from "../../../stacks/apps/registry.ts";
import { type AdminConnection, databaseExists, roleExists } from "../database-server/admin-connection.ts";

export interface TemplateDatabaseDeps {
  admin: AdminConnection;
  supervisor: SupervisorClient;
  /** The revision files the supervisor reads. */
  revisions: RevisionFiles;
  /** How the app's processes reach the database server. */
  database: { host: string; port: number };
}

export interface TemplateDatabaseRequest {
  app: AppType;
  version: string;
  /** Of the installed package: another package gets another template. */
  packageDigest: string;
  /** Called once when the template has to be made, which takes about a minute. */
  onBuild?: (name: string) => void;
  signal?: AbortSignal;
}

/** The app's own words when its migration failed. */
export class TemplateFailed extends Error {
  override readonly name = "TemplateFailed";
  readonly lastLines: readonly string[];

  constructor(message: string, lastLines: readonly string[]) {
    super(message);
    this.lastLines = lastLines;
  }
}

/**
 * Gives the template's name, making the template where it is missing. Several workers may ask at once; one makes it.
 * @throws TemplateFailed with the last lines of the app's migration
 */
export async function ensureTemplateDatabase(
  deps: TemplateDatabaseDeps,
  request: TemplateDatabaseRequest,
): Promise<string> {
  return deps.admin.in(undefined, async (client) => {
    for (;;) {
      const name = await ownName(client, request);
      if (await isComplete(client, name)) return name;
      await client.query("SELECT pg_advisory_lock(hashtextextended($1, 2))", [name]);
      // Meanwhile another worker may have made it, or another installation may have taken the name.
      if ((await ownName(client, request)) !== name) continue;
      if (await isComplete(client, name)) return name;
      request.onBuild?.(name);
      await build(deps, request, client, name);
      return name;
    }
  });
}

/** Another installation on the same server may have the plain name: its template's objects are not ours to hand over. */
async function ownName(client: pg.Client, { app, version, packageDigest }: TemplateDatabaseRequest): Promise<string> {
  const plain = templateDatabaseName(app, version, packageDigest);
  const { rows } = await client.query<{ me: string; owner: string | null }>(
    "SELECT current_user AS me, (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1) AS owner",
    [plain],
  );
  const [{ me, owner } = { me: "", owner: null }] = rows;
  if (owner === null || owner === me) return plain;
  const digest = createHash("sha256").update(`${packageDigest} ${me}`).digest("hex");
  return templateDatabaseName(app, version, digest);
}

/** `datistemplate` is set last, so that a half-made template never counts. */
async function isComplete(client: pg.Client, name: string): Promise<boolean> {
  const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate", [name]);
  return (found.rowCount ?? 0) > 0;
}

async function build(
  deps: TemplateDatabaseDeps,
  request: TemplateDatabaseRequest,
  client: pg.Client,
  name: string,
): Promise<void> {
  // The owner of the objects must own nothing else: REASSIGN in a clone hands over all it owns, also databases.
  const objectOwner = `${name}_o`;
  const password = randomBytes(24).toString("base64url");
  const database = pg.escapeIdentifier(name);
  const owner = pg.escapeIdentifier(objectOwner);
  await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  const verb = (await roleExists(client, objectOwner)) ? "ALTER" : "CREATE";
  await client.query(`${verb} ROLE ${owner} LOGIN PASSWORD ${pg.escapeLiteral(password)}`);
  if (!(await databaseExists(client, name))) {
    await client.query(`CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`);
  }
  await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
  await client.query(`GRANT CONNECT, TEMPORARY, CREATE ON DATABASE ${database} TO ${owner}`);
  await deps.admin.in(name, async (inside) => {
    await inside.query(`GRANT ALL ON SCHEMA public TO ${owner}`);
  });
  await runMigration(
    deps,
    request,
    name,
    `postgresql://${objectOwner}:${password}@${deps.database.host}:${deps.database.port}/${name}`,
  );
  await client.query(`ALTER ROLE ${owner} NOLOGIN PASSWORD NULL`);
  // The grant names a role that clones do not need; they get their own owner.
  await client.query(`REVOKE ALL ON DATABASE ${database} FROM ${owner}`);
  await client.query(`ALTER DATABASE ${database} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true`);
}

/** Runs the app's own migration under the supervisor, as a deployment that has one job and no process. */
async function runMigration(
  deps: TemplateDatabaseDeps,
  request: TemplateDatabaseRequest,
  name: string,
  databaseUrl: string,
): Promise<void> {
  const { supervisor } = deps;
  const workload = templateWorkload(request.app, request.version);
  const id = `tpl_${name}`;
  const revision = "1";
  await writeRevision(deps, id, revision, request.app, workload);
  try {
    await supervisor.putDeployment(id);
    await supervisor.putPorts(id, portsNamedIn(workload));
    await supervisor.putPackage(id, { lock: workload.package.lock, extraRequirements: [] });
    await supervisor.putSecrets(id, { ...throwawaySecrets(workload), database_url: databaseUrl });
    await supervisor.putFiles(id, revision);
    for (const job of workload.jobs) {
      const result = await supervisor.putJob(id, job.name, revision, request.signal ? { signal: request.signal } : {});
      if (result.exitCode !== 0) {
        throw new TemplateFailed(
          `The migration of ${request.app} ${request.version} ended with code ${result.exitCode}.`,
          result.lastLines,
        );
      }
    }
  } finally {
    await supervisor.deleteDeployment(id);
    await deps.revisions.remove(id);
  }
}

/** The configuration names the app's ports even where no process runs. */
function portsNamedIn(workload: Workload): string[] {
  return [
    ...new Set([...JSON.stringify(workload).matchAll(/\{\{port:([a-z0-9-]+)\}\}/g)].map((match) => match[1] ?? "")),
  ];
}

/** The migration must start the app, which wants keys; none of them encrypts anything that stays. */
function throwawaySecrets(workload: Workload): Record<string, string> {
  const make = (name: string) => longLivedKeys[name]?.() ?? randomBytes(24).toString("base64url");
  return Object.fromEntries(workload.secrets.map((name) => [name, make(name)]));
}

async function writeRevision(
  deps: TemplateDatabaseDeps,
  id: string,
  revision: string,
  app: AppType,
  workload: Workload,
): Promise<void> {
  await deps.revisions.write({
    deploymentId: id,
    revision,
    host: "template.invalid",
    publicUrl: "http://template.invalid",
    appType: app,
    size: "small",
    stopped: false,
    restartToken: "",
    workload,
  });
}

/** This machine's installation, opened: folders, settings, database, keys. Every control-plane verb starts here. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Progress, runStep } from "../domain/progress.ts";
import { SetupError, systemErrorCode } from "../domain/setup-error.ts";
import { type OnveraPaths, resolvePaths } from "../local/paths.ts";
import { ensureControlDatabase } from "../local/postgres/control-database.ts";
import { ensureEmbeddedPostgres } from "../local/postgres/embedded.ts";
import { runningPostmaster } from "../local/postgres/postmaster.ts";
import { prepareFolders } from "../local/prepare-folders.ts";
import { type Custody, openCustody } from "../store/crypto/custody.ts";
import { type DataKeys, openDataKeys } from "../store/crypto/data-keys.ts";
import { type KeyRing, openKeyRing } from "../store/crypto/master-key.ts";
import { openStore, type Store } from "../store/database.ts";
import { migrate } from "../store/migrate.ts";
import { ensureSecretFile } from "./credentials-file.ts";
import { databaseFromEnvironment, tellingDatabaseAway } from "./external-database.ts";
import { checkRestoredDatabase } from "./restored-database.ts";
import { readRestoredMark } from "./restored-mark.ts";
import { loadSettings, type Settings } from "./settings.ts";
import { ensureStatePassword } from "./state-password.ts";

/** Deployments' connections count too: each app pool, the control plane and some room for people. */
const MAX_CONNECTIONS = 400;

export interface Installation {
  paths: OnveraPaths;
  settings: Settings;
  /** Of the control plane's role; holds the password, for use inside this process only. */
  databaseUrl: string;
  /** True when PostgreSQL runs on this machine under our care. */
  embedded: boolean;
  store: Store;
  custody: Custody;
  dataKeys: DataKeys;
  keyRing: KeyRing;
  /** Of the login that owns Pulumi's state. Kept sealed in the database: every node of an installation has the same one. */
  statePassword: string;
  close(): Promise<void>;
}

/** The control plane's own role and database on the embedded server. */
const controlDatabase = { role: "onvera", database: "onvera" };
const controlPasswordFile = (paths: OnveraPaths): string => path.join(paths.secrets, "control-database");

/** Where this installation keeps its settings. */
export const settingsFile = (paths: OnveraPaths): string => path.join(paths.home, "settings.json");

/**
 * Opens the installation, making whatever is missing: folders, database server, database, schema, master key.
 * @throws SetupError with the next step
 */
export async function openInstallation(progress: Progress, signal?: AbortSignal): Promise<Installation> {
  const paths = resolvePaths();
  await prepareFolders(paths);
  const settings = await loadSettings(settingsFile(paths));
  const { databaseUrl, embedded } = await reachDatabase(paths, progress, signal);
  await runStep(progress, { name: "migrate", message: "Database schema", estimateSeconds: 1 }, async (step) => {
    const applied = await tellingDatabaseAway(databaseUrl, () => migrate(databaseUrl));
    step.done(applied.length === 0 ? "Database schema is up to date" : `Database schema: ${applied.join(", ")}`);
  });
  return assemble({ paths, settings, databaseUrl, embedded });
}

/**
 * Opens the installation whose database runs already; starts, makes and migrates nothing.
 * @throws SetupError when nothing runs here, or when the caller may not read the installation's keys
 */
export async function openRunningInstallation(): Promise<Installation> {
  const paths = resolvePaths();
  const external = await databaseFromEnvironment(process.env);
  try {
    const databaseUrl = external ?? (await runningDatabase(paths));
    const settings = await loadSettings(settingsFile(paths));
    return await assemble({ paths, settings, databaseUrl, embedded: external === undefined });
  } catch (error) {
    if (systemErrorCode(error) !== "EACCES") throw error;
    throw new SetupError("not-allowed", {
      what: "This installation belongs to another user",
      why: `${paths.home} can be read by the user who runs the control plane only.`,
      nextStep: "Run the command as that user, on the control plane's host.",
      cause: error,
    });
  }
}

async function runningDatabase(paths: OnveraPaths): Promise<string> {
  const server = await runningPostmaster(paths.postgres.data);
  if (server === undefined) {
    throw new SetupError("not-started", {
      what: "The control plane does not run",
      why: `no database answers for ${paths.home}.`,
      nextStep: "Start it with 'onvera start', or set DATABASE_URL to your own server.",
    });
  }
  const password = await readFile(controlPasswordFile(paths), "utf8");
  const { role, database } = controlDatabase;
  return `postgres://${role}:${encodeURIComponent(password.trim())}@127.0.0.1:${server.port}/${database}`;
}

async function assemble(
  parts: Pick<Installation, "paths" | "settings" | "databaseUrl" | "embedded">,
): Promise<Installation> {
  const keyRing = await openKeyRing({
    value: process.env.ONVERA_MASTER_KEY,
    file: process.env.ONVERA_MASTER_KEY_FILE,
    defaultFile: path.join(parts.paths.secrets, "master-key"),
  });
  const store = openStore({ connectionString: parts.databaseUrl, maxConnections: 20 });
  const dataKeys = openDataKeys(keyRing);
  try {
    return {
      ...parts,
      store,
      custody: openCustody(dataKeys),
      dataKeys,
      keyRing,
      statePassword: await ensureStatePassword(store, dataKeys, keyRing),
      close: () => store.close(),
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * The control plane's connection string: the operator's own server where one is named, the embedded one otherwise.
 * @throws SetupError, among others `backup-unfit` where the home was restored and this is not its database
 */
export async function reachDatabase(
  paths: OnveraPaths,
  progress: Progress,
  signal?: AbortSignal,
): Promise<{ databaseUrl: string; embedded: boolean }> {
  const external = await databaseFromEnvironment(process.env);
  const mark = await readRestoredMark(paths.home);
  if (mark !== undefined) await checkRestoredDatabase(mark, external);
  if (external) return { databaseUrl: external, embedded: false };
  const server = await startEmbeddedPostgres(paths, progress, signal);
  const password = ensureSecretFile(controlPasswordFile(paths));
  const databaseUrl = await ensureControlDatabase(server.connectionString(), {
    ...controlDatabase,
    password,
  }).catch((cause: unknown) => {
    throw new SetupError("postgres-failed", {
      what: "The control plane's database cannot be prepared",
      why: cause instanceof Error ? cause.message : String(cause),
      nextStep: "Look at the database's log in the folder 'onvera doctor' names, then run the command again.",
      cause,
    });
  });
  return { databaseUrl, embedded: true };
}

/** The embedded server, started where it does not run. */
export const startEmbeddedPostgres = (paths: OnveraPaths, progress: Progress, signal?: AbortSignal) =>
  ensureEmbeddedPostgres({ paths, progress, maxConnections: MAX_CONNECTIONS, ...(signal ? { signal } : {}) });

/** This machine's installation, opened: folders, settings, database, keys. Every control-plane verb starts here. */
import path from "node:path";
import { type Progress, runStep } from "../domain/progress.ts";
import { SetupError } from "../domain/setup-error.ts";
import { type OnveraPaths, resolvePaths } from "../local/paths.ts";
import { ensureControlDatabase } from "../local/postgres/control-database.ts";
import { ensureEmbeddedPostgres } from "../local/postgres/embedded.ts";
import { prepareFolders } from "../local/prepare-folders.ts";
import { type Custody, openCustody } from "../store/crypto/custody.ts";
import { type DataKeys, openDataKeys } from "../store/crypto/data-keys.ts";
import { loadMasterKey } from "../store/crypto/master-key.ts";
import { openStore, type Store } from "../store/database.ts";
import { migrate } from "../store/migrate.ts";
import { ensureSecretFile } from "./credentials-file.ts";
import { databaseFromEnvironment } from "./external-database.ts";
import { loadSettings, type Settings } from "./settings.ts";

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
  close(): Promise<void>;
}

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
    const applied = await migrate(databaseUrl);
    step.done(applied.length === 0 ? "Database schema is up to date" : `Database schema: ${applied.join(", ")}`);
  });
  const masterKey = await loadMasterKey({
    value: process.env.ONVERA_MASTER_KEY,
    file: process.env.ONVERA_MASTER_KEY_FILE,
    defaultFile: path.join(paths.secrets, "master-key"),
  });
  const store = openStore({ connectionString: databaseUrl, maxConnections: 20 });
  return {
    paths,
    settings,
    databaseUrl,
    embedded,
    store,
    custody: openCustody(masterKey),
    dataKeys: openDataKeys(masterKey),
    close: () => store.close(),
  };
}

/** The control plane's connection string: the operator's own server where one is named, the embedded one otherwise. */
export async function reachDatabase(
  paths: OnveraPaths,
  progress: Progress,
  signal?: AbortSignal,
): Promise<{ databaseUrl: string; embedded: boolean }> {
  const external = await databaseFromEnvironment(process.env);
  if (external) return { databaseUrl: external, embedded: false };
  const server = await ensureEmbeddedPostgres({
    paths,
    progress,
    maxConnections: MAX_CONNECTIONS,
    ...(signal ? { signal } : {}),
  });
  const password = ensureSecretFile(path.join(paths.secrets, "control-database"));
  const databaseUrl = await ensureControlDatabase(server.connectionString(), {
    role: "onvera",
    database: "onvera",
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

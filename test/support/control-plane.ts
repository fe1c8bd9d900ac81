/** A control plane without its API: database, provider host, engine and workers, for tests that run real operations. */
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "../../src/automation/engine.ts";
import { submitOperation } from "../../src/automation/operations/submit.ts";
import { createFenceHooks } from "../../src/automation/recovery/intents.ts";
import type { StateBackend } from "../../src/automation/runner/environment.ts";
import { startRunnerEngine } from "../../src/automation/runner-engine.ts";
import { createBenchDriver } from "../../src/automation/targets/bench-driver.ts";
import { createAdminConnection } from "../../src/automation/targets/database-server/admin-connection.ts";
import { ensurePulumiCli } from "../../src/automation/toolchain/ensure-pulumi-cli.ts";
import { startWorker, type Worker, type WorkerDeps } from "../../src/automation/worker/start.ts";
import type { DeploymentSpec } from "../../src/domain/deployment-spec.ts";
import type { SealingKey } from "../../src/domain/envelope.ts";
import { newId } from "../../src/domain/ids.ts";
import type { OperationType } from "../../src/domain/operation.ts";
import { silentProgress } from "../../src/domain/progress.ts";
import { resolvePaths } from "../../src/local/paths.ts";
import type { SupervisorClient } from "../../src/local/supervisor/client-port.ts";
import type { ProviderHooks } from "../../src/providers/host/hooks.ts";
import { type ProviderHost, startProviderHost } from "../../src/providers/host/provider-host.ts";
import type { ProviderPackage } from "../../src/providers/host/provider-package.ts";
import { providerPackages } from "../../src/providers/packages.ts";
import { createPgAdmin } from "../../src/providers/postgresql/pg-admin.ts";
import { openCustody } from "../../src/store/crypto/custody.ts";
import { openDataKeys } from "../../src/store/crypto/data-keys.ts";
import { keyRing } from "../../src/store/crypto/master-key.ts";
import { openStore, type Store } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { ensureStateRole } from "../../src/store/state-role.ts";
import type { Operation } from "../../src/store/tables/operations.ts";
import { bundle, bundleRunner } from "./bundle.ts";
import {
  changeBench,
  countingCli,
  deployBench,
  destroyBench,
  makePlace,
  type Place,
  readLines,
  request,
} from "./control-plane-rows.ts";
import { type Gate, openGate } from "./gate.ts";
import { watchOperations } from "./operation-waits.ts";
import type { ScratchPostgres } from "./postgres.ts";
import { forkWorker, type SpawnOptions, type WorkerProcess } from "./worker-child.ts";

export interface ControlPlaneOptions {
  /** Around each side effect, for tests that kill something at an exact point. */
  atPoint?: ProviderHooks["atPoint"];
  /** Runs instead of the CLI, for example a wrapper that counts. */
  wrapCli?: boolean;
  /** Writes another such wrapper into the folder. @returns its path */
  makeCli?(folder: string, realCli: string): string;
  warmRunners?: number;
  /** Fills the database before it is migrated, as an earlier version left it. */
  prepare?(connectionString: string): Promise<void>;
  /** Served beside the product's own, for example in the place of an official plugin. */
  packages?: readonly ProviderPackage[];
  /** What that version sealed with. */
  masterKey?: SealingKey;
}

export interface ControlPlane {
  store: Store;
  place: Place;
  /** What workers unseal with; an API beside them needs the same. */
  masterKey: SealingKey;
  folder: string;
  ledgerFolder: string;
  providers: ProviderHost;
  engine: Engine;
  backend: StateBackend;
  /** The CLI itself, without the counting wrapper. */
  pulumiBinary: string;
  /** What a worker needs; tests change what they are about. */
  workerDeps(changes?: Partial<WorkerDeps>): WorkerDeps;
  startWorker(changes?: Partial<WorkerDeps>): Promise<Worker>;
  /** Starts a worker in a process of its own, with a provider process that asks the gate. */
  spawnWorker(options?: SpawnOptions): Promise<WorkerProcess>;
  /** Holds side effects of worker processes. */
  gate: Gate;
  /** One line around each side effect of worker processes. */
  sideEffectLedger: string;
  /** Inserts a bench deployment and its create operation. */
  deploy(spec: Partial<DeploymentSpec>): Promise<{ deploymentId: string; operation: Operation }>;
  /** Writes the next revision and queues the operation for it. */
  change(deploymentId: string, type: OperationType, spec: Partial<DeploymentSpec>): Promise<Operation>;
  destroy(deploymentId: string): Promise<Operation>;
  submit(deploymentId: string, type: OperationType, input: Record<string, unknown>): Promise<Operation>;
  /** Resolves with the operation as soon as the predicate holds. */
  until(operationId: string, holds: (operation: Operation) => boolean, timeoutSeconds?: number): Promise<Operation>;
  ended(operationId: string, timeoutSeconds?: number): Promise<Operation>;
  /** Lines the counting wrapper wrote: the first argument of each CLI process. */
  cliProcesses(): string[];
  stop(): Promise<void>;
}

/** Starts everything but a worker, in a database of its own on the given server. */
export async function startControlPlane(
  server: ScratchPostgres,
  options: ControlPlaneOptions = {},
): Promise<ControlPlane> {
  const connectionString = await server.createControlDatabase();
  const folder = mkdtempSync(join(tmpdir(), "onvera-plane-"));
  chmodSync(folder, 0o711);
  const ledgerFolder = join(folder, "ledger");
  await options.prepare?.(connectionString);
  await migrate(connectionString);
  const url = new URL(connectionString);
  const statePassword = randomBytes(18).toString("base64url");
  const stateRole = await ensureStateRole(connectionString, statePassword);
  const store = openStore({ connectionString });
  const node = newId("worker");
  const place = await makePlace(store, node);
  const workers: Worker[] = [];
  const children: WorkerProcess[] = [];

  const hooks = createFenceHooks(store);
  const { port } = server;
  const admin = { host: "127.0.0.1", port, user: url.username, password: url.password, database: "postgres" };
  const own = providerPackages({
    postgres: createPgAdmin(({ access }) => (access?.databaseUrl ? { connectionString: access.databaseUrl } : admin)),
    supervisor: unreachable,
    ledgerFolder,
  });
  const providers = await startProviderHost({
    packages: [...own, ...(options.packages ?? [])],
    hooks: { ...hooks, ...(options.atPoint && { atPoint: options.atPoint }) },
  });
  const { path: realCli } = await ensurePulumiCli({ paths: resolvePaths(), progress: silentProgress });
  const counter = join(folder, "cli-processes");
  writeFileSync(counter, "");
  const engineOptions = {
    runnerScript: await bundleRunner(),
    pulumiBinary: options.wrapCli
      ? countingCli(folder, realCli, counter)
      : (options.makeCli?.(folder, realCli) ?? realCli),
    backend: {
      host: "127.0.0.1",
      port,
      database: decodeURIComponent(url.pathname.slice(1)),
      user: stateRole,
      password: statePassword,
      sslMode: "disable" as const,
    },
    scratchFolder: join(folder, "scratch"),
    codeCacheFolder: join(folder, "code-cache"),
    warmRunners: options.warmRunners ?? 1,
    testApps: true,
    pluginFolder: join(folder, "plugins"),
  };
  const engine = await startRunnerEngine({ ...engineOptions, providers });
  const adminUrl = new URL(server.connectionString("postgres"));
  adminUrl.username = url.username;
  adminUrl.password = url.password;
  const masterKey = options.masterKey ?? { id: "test", key: randomBytes(32) };
  const dataKeys = openDataKeys(keyRing([masterKey]));
  const custody = openCustody(dataKeys);
  const driver = createBenchDriver({
    admin: createAdminConnection(adminUrl.href),
    ledgerFolder,
    database: { host: "127.0.0.1", port },
  });

  const gate = await openGate(join(folder, "gate"));
  const sideEffectLedger = join(folder, "side-effects.jsonl");
  writeFileSync(sideEffectLedger, "");
  const waits = watchOperations(store);
  const plane: ControlPlane = {
    store,
    place,
    masterKey,
    folder,
    gate,
    sideEffectLedger,
    ledgerFolder,
    providers,
    engine,
    backend: engineOptions.backend,
    pulumiBinary: realCli,
    workerDeps: (changes = {}) => ({
      store,
      engine,
      custody,
      dataKeys,
      drivers: { local: driver },
      log: { info: quiet, warn: logged, error: logged },
      node,
      capabilities: [`local:${node}`],
      slots: 2,
      version: "test",
      ...changes,
    }),
    async startWorker(changes) {
      const worker = await startWorker(plane.workerDeps(changes));
      workers.push(worker);
      return worker;
    },
    async spawnWorker(changes) {
      const config = {
        connectionString,
        masterKey: masterKey.key.toString("base64"),
        node,
        ledgerFolder,
        providerScript: await bundle("test/support/provider-process.ts"),
        gate: gate.path,
        sideEffectLedger,
        engine: { ...engineOptions, scratchFolder: join(folder, `scratch-${children.length}`) },
        timings: changes?.timings ?? {},
      };
      const preload = await Promise.all((changes?.preload ?? []).map(bundle));
      const started = await forkWorker(join(folder, `worker-${children.length}.json`), config, preload);
      children.push(started);
      return started;
    },
    deploy: (spec) => deployBench(place, spec),
    change: (deploymentId, type, spec) => changeBench(place, deploymentId, type, spec),
    destroy: (deploymentId) => destroyBench(place, deploymentId),
    submit: (deploymentId, type, input) =>
      store.forOrganization(place.organizationId, (db) =>
        submitOperation(db, request(place, deploymentId, type, input)),
      ),
    until: waits.until,
    ended: (operationId, timeoutSeconds) =>
      waits.until(operationId, ({ ended_at: endedAt }) => endedAt !== null, timeoutSeconds),
    cliProcesses: () => readLines(counter),
    async stop() {
      await Promise.all(workers.map((worker) => worker.stop()));
      await Promise.all(children.map((child) => child.kill()));
      // Provider processes that are held go on, and end.
      await gate.close();
      await waits.close();
      await engine.close();
      await providers.stop();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return plane;
}

/** Bench programs ask nothing of a supervisor. */
const unreachable = new Proxy({} as SupervisorClient, {
  get: () => () => Promise.reject(new Error("This test has no supervisor")),
});

const quiet = () => undefined;
const logged = (fields: Record<string, unknown>, message: string) => {
  if (process.env.ONVERA_TEST_LOG) console.warn(message, fields);
};

/** A worker of this node, put together: engine, providers, driver, queue. */
import os from "node:os";
import path from "node:path";
import { createFenceHooks } from "../automation/recovery/intents.ts";
import { startRunnerEngine } from "../automation/runner-engine.ts";
import { createAdminConnection } from "../automation/targets/local/admin-connection.ts";
import { createLocalDriver } from "../automation/targets/local/driver.ts";
import { startWorker } from "../automation/worker/start.ts";
import { createPackageStore } from "../local/packages/package-store.ts";
import type { SupervisorClient } from "../local/supervisor/client-port.ts";
import { startProviderHost } from "../providers/host/provider-host.ts";
import { providerPackages } from "../providers/packages.ts";
import { createPgAdmin } from "../providers/postgresql/pg-admin.ts";
import { distFile } from "./dist-file.ts";
import type { Installation } from "./installation.ts";
import type { Log } from "./log.ts";
import type { Toolchain } from "./setup.ts";
import { createStateBackend } from "./state-backend.ts";
import { version } from "./version.ts";

/** Somebody an app may run as: the package store makes sure that such a user can read its environments. */
const UNPRIVILEGED = { uid: 65_534, gid: 65_534 };

/** Two operations per core keep it busy while the others wait for a database or an app. */
const SLOTS_PER_CORE = 2;

export interface WorkerServices {
  /** Takes nothing more, waits for what runs, hands back what does not end in time. */
  drain(timeoutSeconds: number): Promise<void>;
}

export async function startWorkerServices(
  installation: Installation,
  toolchain: Toolchain,
  supervisor: SupervisorClient,
  log: Log,
): Promise<WorkerServices> {
  const { paths, settings, store, databaseUrl, custody } = installation;
  const testApps = process.env.ONVERA_TEST_APPS === "1";
  const slots = Number(process.env.ONVERA_WORKER_SLOTS ?? os.availableParallelism() * SLOTS_PER_CORE);
  const database = new URL(databaseUrl);

  const providers = await startProviderHost({
    hooks: createFenceHooks(store),
    packages: providerPackages({
      // Apart, not as a URL: the driver lets a URL's database win over the one a session asks for.
      postgres: createPgAdmin(() => ({
        host: database.hostname,
        port: Number(database.port || 5432),
        user: decodeURIComponent(database.username),
        password: decodeURIComponent(database.password),
        database: "postgres",
      })),
      supervisor,
      ledgerFolder: path.join(paths.home, "bench"),
    }),
    onRefused: (uid) => log.warn({ uid }, "A connection to the provider ports came from another user and was refused"),
  });
  const engine = await startRunnerEngine({
    runnerScript: distFile("runner.js"),
    pulumiBinary: toolchain.pulumi.path,
    backend: await createStateBackend(installation),
    providers,
    scratchFolder: paths.operations,
    warmRunners: Math.min(slots, 2),
    testApps,
    pluginFolder: paths.pulumiPlugins,
  });
  const local = createLocalDriver({
    admin: createAdminConnection(withDatabase(databaseUrl, "postgres")),
    supervisor,
    packages: createPackageStore({ paths, owner: paths.isRoot ? UNPRIVILEGED : null }),
    revisionsFolder: paths.revisions,
    database: { host: database.hostname, port: Number(database.port || 5432) },
    gateway: { domain: settings.domain, httpPort: settings.gatewayHttpPort },
  });
  const worker = await startWorker({
    store,
    engine,
    custody,
    drivers: { local },
    log,
    node: settings.nodeId,
    capabilities: [`local:${settings.nodeId}`],
    slots,
    version,
  });
  log.info({ worker: worker.id, slots }, "The worker takes operations");
  return {
    async drain(timeoutSeconds) {
      await worker.drain({ timeoutSeconds });
      await engine.close();
      await providers.stop();
    },
  };
}

function withDatabase(connectionString: string, database: string): string {
  const url = new URL(connectionString);
  url.pathname = `/${database}`;
  return url.href;
}

/** A worker in a process of its own, so that a test can kill it: provider host, engine and worker, as in `onvera worker`. */
import { readFileSync } from "node:fs";
import { createFenceHooks } from "../../src/automation/recovery/intents.ts";
import { startRunnerEngine } from "../../src/automation/runner-engine.ts";
import { createBenchDriver } from "../../src/automation/targets/bench-driver.ts";
import { createAdminConnection } from "../../src/automation/targets/local/admin-connection.ts";
import { startWorker } from "../../src/automation/worker/start.ts";
import type { SupervisorClient } from "../../src/local/supervisor/client-port.ts";
import { startProviderHost } from "../../src/providers/host/provider-host.ts";
import { providerPackages } from "../../src/providers/packages.ts";
import { createPgAdmin } from "../../src/providers/postgresql/pg-admin.ts";
import { openCustody } from "../../src/store/crypto/custody.ts";
import { openStore } from "../../src/store/database.ts";
import type { WorkerProcessConfig } from "./worker-process-config.ts";

const config = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as WorkerProcessConfig;
const noSupervisor = new Proxy({} as SupervisorClient, {
  get: () => () => Promise.reject(new Error("This test has no supervisor")),
});

const store = openStore({ connectionString: config.connectionString });
const url = new URL(config.connectionString);
const postgres = {
  host: url.hostname,
  port: Number(url.port),
  user: decodeURIComponent(url.username),
  password: decodeURIComponent(url.password),
  database: "postgres",
};
const providers = await startProviderHost({
  packages: providerPackages({
    postgres: createPgAdmin(() => postgres),
    supervisor: noSupervisor,
    ledgerFolder: config.ledgerFolder,
  }),
  hooks: {
    ...createFenceHooks(store),
    // The test names the resource to stop at; the process says so and waits to be killed.
    atPoint: async (point, { urn }) => {
      if (config.stopAt === undefined || point !== config.stopAt.point || !urn.endsWith(config.stopAt.name)) return;
      process.send?.({ kind: "stopped", urn });
      await new Promise(() => undefined);
    },
  },
});
const engine = await startRunnerEngine({ ...config.engine, providers });
const admin = new URL(config.connectionString);
admin.pathname = "/postgres";
const say = (fields: Record<string, unknown>, message: string) => process.send?.({ kind: "log", message, fields });
const worker = await startWorker({
  store,
  engine,
  custody: openCustody({ id: "test", key: Buffer.from(config.masterKey, "base64") }),
  drivers: {
    local: createBenchDriver({
      admin: createAdminConnection(admin.href),
      ledgerFolder: config.ledgerFolder,
      database: { host: url.hostname, port: Number(url.port) },
    }),
  },
  log: { info: say, warn: say, error: say },
  node: config.node,
  capabilities: [`local:${config.node}`],
  slots: 2,
  version: "test",
  timings: config.timings,
});
process.on("message", async (message) => {
  if (message !== "stop") return;
  await worker.stop();
  await engine.close();
  await providers.stop();
  await store.close();
  process.exit(0);
});
process.send?.({ kind: "started", workerId: worker.id });

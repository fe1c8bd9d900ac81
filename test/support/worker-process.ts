/** A worker in a process of its own, so that a test can kill it: provider process, engine and worker, as in `onvera worker`. */
import { readFileSync } from "node:fs";
import { startRunnerEngine } from "../../src/automation/runner-engine.ts";
import { createBenchDriver } from "../../src/automation/targets/bench-driver.ts";
import { createAdminConnection } from "../../src/automation/targets/database-server/admin-connection.ts";
import { startWorker } from "../../src/automation/worker/start.ts";
import { startProviderProcess } from "../../src/providers/process/client.ts";
import { openCustody } from "../../src/store/crypto/custody.ts";
import { openDataKeys } from "../../src/store/crypto/data-keys.ts";
import { keyRing } from "../../src/store/crypto/master-key.ts";
import { openStore } from "../../src/store/database.ts";
import type { WorkerProcessConfig } from "./worker-process-config.ts";

const config = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as WorkerProcessConfig;
const masterKey = { id: "test", key: Buffer.from(config.masterKey, "base64") };
const dataKeys = openDataKeys(keyRing([masterKey]));
const store = openStore({ connectionString: config.connectionString });
const url = new URL(config.connectionString);
const providers = startProviderProcess({
  script: config.providerScript,
  config,
  env: { PATH: process.env.PATH ?? "/usr/bin:/bin" },
});
const engine = await startRunnerEngine({ ...config.engine, providers });
const admin = new URL(config.connectionString);
admin.pathname = "/postgres";
const say = (fields: Record<string, unknown>, message: string) => {
  // A process whose parent is gone has nobody to tell.
  if (process.connected) process.send?.({ kind: "log", message, fields }, undefined, {}, () => undefined);
};
const worker = await startWorker({
  store,
  engine,
  custody: openCustody(dataKeys),
  dataKeys,
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
// Whoever started it was killed: nobody else would end it.
process.once("disconnect", () => process.exit(1));
process.on("message", async (message) => {
  if (message !== "stop") return;
  await worker.stop();
  await engine.close();
  await providers.stop();
  await store.close();
  process.exit(0);
});
process.send?.({ kind: "started", workerId: worker.id });

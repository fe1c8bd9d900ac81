/** A worker's provider process as in the product, with a ledger around each side effect and a gate that may hold it. */
import { createFenceHooks } from "../../src/automation/recovery/intents.ts";
import { holdSideEffects } from "../../src/automation/recovery/side-effect-lock.ts";
import type { SupervisorClient } from "../../src/local/supervisor/client-port.ts";
import { providerPackages } from "../../src/providers/packages.ts";
import { createPgAdmin } from "../../src/providers/postgresql/pg-admin.ts";
import { serveProviderProcess } from "../../src/providers/process/serve.ts";
import { openStore } from "../../src/store/database.ts";
import { askGate } from "./gate.ts";
import { appendLedger } from "./side-effect-ledger.ts";
import type { WorkerProcessConfig } from "./worker-process-config.ts";

const noSupervisor = new Proxy({} as SupervisorClient, {
  get: () => () => Promise.reject(new Error("This test has no supervisor")),
});

serveProviderProcess(async (raw) => {
  const config = raw as Pick<WorkerProcessConfig, "connectionString" | "ledgerFolder" | "gate" | "sideEffectLedger">;
  const store = openStore({ connectionString: config.connectionString });
  const url = new URL(config.connectionString);
  const postgres = {
    host: url.hostname,
    port: Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: "postgres",
  };
  return {
    packages: providerPackages({
      postgres: createPgAdmin(() => postgres),
      supervisor: noSupervisor,
      ledgerFolder: config.ledgerFolder,
    }),
    hooks: {
      ...createFenceHooks(store),
      atPoint: async (point, moment) => {
        appendLedger(config.sideEffectLedger, point, moment);
        await askGate(config.gate, { point, ...moment });
      },
    },
    holdRun: ({ stackName }) => holdSideEffects(store, stackName),
  };
});

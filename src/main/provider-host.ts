/** Entry of a worker's provider process: `node dist/main/provider-host.js`, started and configured by the worker alone. */
import { createFenceHooks } from "../automation/recovery/intents.ts";
import { holdSideEffects } from "../automation/recovery/side-effect-lock.ts";
import { createSupervisorClient } from "../local/supervisor/client.ts";
import { serveProviderProcess } from "../providers/process/serve.ts";
import { openStore } from "../store/database.ts";
import { LocalProviderConfig, localProviders } from "./local-providers.ts";

/** Each running operation holds one for its lock; the others are for short questions. */
const MAX_CONNECTIONS = 20;

serveProviderProcess(async (raw) => {
  const config = LocalProviderConfig.parse(raw);
  const store = openStore({
    connectionString: config.databaseUrl,
    maxConnections: MAX_CONNECTIONS,
    applicationName: "onvera-providers",
  });
  return {
    packages: localProviders(config, createSupervisorClient(config.supervisorSocket)),
    hooks: createFenceHooks(store),
    holdRun: ({ stackName }) => holdSideEffects(store, stackName),
  };
});

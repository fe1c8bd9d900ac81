/** A worker of this node, put together: engine, providers, driver, queue. */
import os from "node:os";
import { nodeFigures } from "../automation/metrics/node-figures.ts";
import { createSampler, startSampling } from "../automation/metrics/sampler.ts";
import { startRunnerEngine } from "../automation/runner-engine.ts";
import { sharedPluginFolder } from "../automation/toolchain/plugin-plan.ts";
import { startWorker } from "../automation/worker/start.ts";
import type { SupervisorClient } from "../local/supervisor/client-port.ts";
import { supervisorPaths } from "../local/supervisor/paths.ts";
import { startProviderProcess } from "../providers/process/client.ts";
import { createAppAccesses } from "./app-accesses.ts";
import { createAppReadings } from "./app-readings.ts";
import { startClusterSampling } from "./cluster-sampling.ts";
import { distFile } from "./dist-file.ts";
import type { Installation } from "./installation.ts";
import { openKubernetesPlaces } from "./kubernetes-places.ts";
import { createKubernetesTarget } from "./kubernetes-target.ts";
import type { LocalProviderConfig } from "./local-providers.ts";
import { createLocalTarget } from "./local-target.ts";
import type { Log } from "./log.ts";
import type { Toolchain } from "./setup.ts";
import { createStateBackend } from "./state-backend.ts";
import { openTracer } from "./tracer.ts";
import { version } from "./version.ts";
import { leaseTimings, reconcileTimings } from "./worker-timings.ts";

/** Two operations per core keep it busy while the others wait for a database or an app. */
const SLOTS_PER_CORE = 2;

/** What a provider process may know of the worker's environment; its secrets come by the pipe. */
const passedOn = ["PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"] as const;

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
  const { paths, settings, store, custody, dataKeys } = installation;
  const testApps = process.env.ONVERA_TEST_APPS === "1";
  const slots = Number(process.env.ONVERA_WORKER_SLOTS ?? os.availableParallelism() * SLOTS_PER_CORE);
  const config: LocalProviderConfig = {
    databaseUrl: installation.databaseUrl,
    home: paths.home,
    supervisorSocket: supervisorPaths(paths.home).socket,
    plugins: toolchain.plugins,
  };
  const providers = startProviderProcess({
    script: distFile("main/provider-host.js"),
    config,
    env: Object.fromEntries(passedOn.flatMap((name) => (process.env[name] ? [[name, process.env[name] ?? ""]] : []))),
    onRefused: (uid) => log.warn({ uid }, "A connection to the provider ports came from another user and was refused"),
    onDied: (how) => log.warn({ how }, "The provider process ended and is started again"),
  });
  const engine = await startRunnerEngine({
    runnerScript: distFile("runner.cjs"),
    pulumiBinary: toolchain.pulumi.path,
    backend: await createStateBackend(installation),
    providers,
    scratchFolder: paths.operations,
    codeCacheFolder: paths.runnerCode,
    warmRunners: Math.min(slots, 2),
    testApps,
    pluginFolder: sharedPluginFolder(paths),
  });
  const tracer = await openTracer("onvera-worker", log);
  const openPlace = openKubernetesPlaces(installation);
  const worker = await startWorker({
    store,
    engine,
    custody,
    dataKeys,
    drivers: {
      local: createLocalTarget(installation, supervisor),
      kubernetes: createKubernetesTarget(installation, openPlace),
    },
    openApp: createAppAccesses(installation, supervisor),
    log,
    tracer,
    node: settings.nodeId,
    capabilities: [`local:${settings.nodeId}`, "kubernetes"],
    slots,
    version,
    timings: {
      ...leaseTimings(process.env.ONVERA_LEASE_SECONDS),
      ...reconcileTimings(process.env.ONVERA_RECONCILE_INTERVAL_SECONDS),
    },
  });
  const appReadings = createAppReadings(installation, supervisor);
  const source = nodeFigures({ store, supervisor, node: settings.nodeId, workerId: worker.id, appReadings });
  const samplings = [
    startSampling(createSampler({ store, source, log }), log),
    startClusterSampling({ store, open: openPlace, log }),
  ];
  log.info({ worker: worker.id, slots }, "The worker takes operations");
  return {
    async drain(timeoutSeconds) {
      await Promise.all(samplings.map((sampling) => sampling.stop()));
      await worker.drain({ timeoutSeconds });
      await tracer.close();
      await engine.close();
      await providers.stop();
    },
  };
}

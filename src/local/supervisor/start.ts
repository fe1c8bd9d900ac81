/** Starts a supervisor in this process: lock, deployments, gateway, socket. */
import { chmodSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { type Gateway, startGateway } from "../gateway/gateway.ts";
import { apiRoutes } from "./api.ts";
import { createApiServer } from "./api-server.ts";
import { ensureSealingKey } from "./file-seal.ts";
import { takeLock } from "./lock-file.ts";
import type { SupervisorOptions } from "./options.ts";
import { supervisorPaths } from "./paths.ts";
import { Supervisor } from "./supervisor.ts";

export interface RunningSupervisor {
  socketPath: string;
  /** Null when it runs without a gateway. */
  gateway: Gateway | null;
  /** Ends it. The apps go on unless told otherwise; what is wanted of them stays on record. */
  stop(how?: { stopDeployments: boolean }): Promise<void>;
  /** Resolves when it has ended, also by a request over the socket. */
  ended: Promise<void>;
}

/**
 * Starts a supervisor.
 * @throws AlreadyRunningError when one runs for this home; Error naming the port when the gateway's is taken
 */
export async function startSupervisor(options: SupervisorOptions): Promise<RunningSupervisor> {
  const paths = supervisorPaths(options.home);
  mkdirSync(paths.home, { recursive: true, mode: 0o711 });
  mkdirSync(paths.root, { recursive: true, mode: 0o700 });
  chmodSync(paths.root, 0o700);
  mkdirSync(paths.socketFolder, { recursive: true, mode: 0o700 });
  chmodSync(paths.socketFolder, 0o700);
  const unlock = await takeLock(paths.lock);
  const supervisor = new Supervisor(options);
  let gateway: Gateway | null = null;
  try {
    removeLeftovers(paths.root);
    ensureSealingKey(paths.sealingKey);
    // The door is opened before anything is started behind it: a taken port must not leave apps running unreachable.
    if (options.gateway !== null) gateway = await startGateway({ settings: options.gateway, supervisor });
    supervisor.begin();
    const startedAt = new Date().toISOString();
    let finish = (): void => {};
    const ended = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let ending: Promise<void> | undefined;
    const stop = (how = { stopDeployments: false }): Promise<void> => {
      ending ??= end(how.stopDeployments).finally(finish);
      return ending;
    };
    const server = createApiServer(
      apiRoutes({
        supervisor,
        status: () => ({
          pid: process.pid,
          startedAt,
          version: options.version,
          gateway: gateway?.addresses ?? null,
          deployments: supervisor.deployments.map(({ record, groups }) => ({
            deploymentId: record.deploymentId,
            processes: groups.map((group) => group.state()),
          })),
        }),
        traffic: (deploymentId) => gateway?.traffic(deploymentId) ?? noTraffic,
        shutdown: (stopDeployments) => {
          setImmediate(() => void stop({ stopDeployments }));
        },
      }),
      supervisor.options.report,
    );
    const end = async (stopDeployments: boolean): Promise<void> => {
      await gateway?.close();
      await supervisor.end(stopDeployments);
      server.closeIdleConnections();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      unlock();
    };
    rmSync(paths.socket, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(paths.socket, resolve);
    });
    return { socketPath: paths.socket, gateway, stop, ended };
  } catch (error) {
    await gateway?.close();
    await supervisor.end(false);
    unlock();
    throw error;
  }
}

const noTraffic = { requests: 0, errors: 0, bytesOut: 0, latencyMilliseconds: { p50: 0, p95: 0, p99: 0 } };

/** Job inputs hold secrets; a supervisor killed while it handed one over left it behind. */
function removeLeftovers(root: string): void {
  for (const name of readdirSync(root)) {
    if (name.startsWith("stdin-") || name.endsWith(".tmp")) rmSync(path.join(root, name), { force: true });
  }
}

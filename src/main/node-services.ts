/** What this machine offers deployments: the supervisor with its gateway, reached by its socket. */
import { type Progress, runStep } from "../domain/progress.ts";
import { SetupError } from "../domain/setup-error.ts";
import { createSupervisorClient } from "../local/supervisor/client.ts";
import type { SupervisorClient } from "../local/supervisor/client-port.ts";
import { ensureSupervisor } from "../local/supervisor/ensure.ts";
import { keepSupervisor } from "../local/supervisor/keep.ts";
import { supervisorPaths } from "../local/supervisor/paths.ts";
import { distFile } from "./dist-file.ts";
import { type Installation, settingsFile } from "./installation.ts";
import { hasDeployments } from "./node-deployments.ts";
import { moveGatewayPorts } from "./settings.ts";
import { version } from "./version.ts";

/** How often a node that has no deployment yet looks for other ports. */
const MOVES = 5;

type SupervisorRequest = Parameters<typeof ensureSupervisor>[0];

/**
 * Starts the supervisor where it does not run, replaces an older one (apps keep running), and gives a client of it. While
 * this process lives, a supervisor that dies is started again.
 * @param report takes a line when that happens
 */
export async function openNode(
  installation: Installation,
  progress: Progress,
  report: (message: string) => void,
): Promise<SupervisorClient> {
  const step = { name: "supervisor", message: "Supervisor and gateway", estimateSeconds: 1 };
  return runStep(progress, step, async () => {
    const request = await startOnFreePorts(installation);
    keepSupervisor(request, report);
    return createSupervisorClient(supervisorPaths(installation.paths.home).socket);
  });
}

/** Two installations that are set up at the same moment choose the same ports: the second one moves. */
async function startOnFreePorts(installation: Installation): Promise<SupervisorRequest> {
  for (let attempt = 1; ; attempt += 1) {
    const request = supervisorRequest(installation);
    try {
      await ensureSupervisor(request);
      return request;
    } catch (error) {
      const port = /port (\d+) is taken/.exec(error instanceof Error ? error.message : "")?.[1];
      if (port === undefined) throw error;
      // Their URLs hold the port, so it is kept for them.
      if (attempt >= MOVES || (await hasDeployments(installation))) throw portTaken(installation, port, error);
      const file = settingsFile(installation.paths);
      Object.assign(installation.settings, await moveGatewayPorts(file, installation.settings));
    }
  }
}

function supervisorRequest({ paths, settings }: Installation): SupervisorRequest {
  return {
    home: paths.home,
    command: [process.execPath, distFile("main/supervisor.js")],
    config: {
      version,
      gateway: {
        address: "127.0.0.1",
        httpPort: settings.gatewayHttpPort,
        httpsPort: settings.gatewayHttpsPort,
        domain: settings.domain,
      },
      cache: paths.cache,
      allowLocalSources: process.env.ONVERA_TEST_APPS === "1",
      privateSourceHosts: (process.env.ONVERA_PRIVATE_SOURCE_HOSTS ?? "").split(",").filter((host) => host !== ""),
    },
  };
}

const portTaken = ({ paths }: Installation, port: string, cause: unknown) =>
  new SetupError("port-taken", {
    what: `Deployments cannot be served on port ${port}`,
    why: "another program has it.",
    nextStep: `End that program ('ss -ltnp' names it), or choose another port in ${settingsFile(paths)}; the deployments' URLs change with it.`,
    cause,
  });

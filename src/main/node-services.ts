/** What this machine offers deployments: the supervisor with its gateway, reached by its socket. */
import { type Progress, runStep } from "../domain/progress.ts";
import { createSupervisorClient } from "../local/supervisor/client.ts";
import type { SupervisorClient } from "../local/supervisor/client-port.ts";
import { ensureSupervisor } from "../local/supervisor/ensure.ts";
import { keepSupervisor } from "../local/supervisor/keep.ts";
import { supervisorPaths } from "../local/supervisor/paths.ts";
import { distFile } from "./dist-file.ts";
import type { Installation } from "./installation.ts";
import { version } from "./version.ts";

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
  const { paths, settings } = installation;
  const step = { name: "supervisor", message: "Supervisor and gateway", estimateSeconds: 1 };
  return runStep(progress, step, async () => {
    const request = {
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
    await ensureSupervisor(request);
    keepSupervisor(request, report);
    return createSupervisorClient(supervisorPaths(paths.home).socket);
  });
}

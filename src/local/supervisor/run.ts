/** The supervisor as a process of its own: reads its configuration, runs until it is told to end. */

import { spawn } from "node:child_process";
import type { PackageResolver } from "./package-resolver.ts";
import { supervisorPaths } from "./paths.ts";
import { startSupervisor } from "./start.ts";
import { readJsonFile } from "./state-file.ts";
import { SupervisorConfig } from "./supervisor-config.ts";

/**
 * Runs the supervisor of a home folder; resolves when it has ended.
 * @param packagesFor makes the package store from the cache folder
 * @throws Error when the configuration is missing or another supervisor runs
 */
export async function runSupervisor(home: string, packagesFor: (cache: string) => PackageResolver): Promise<void> {
  process.umask(0o077);
  const config = SupervisorConfig.parse(readJsonFile(supervisorPaths(home).config));
  restartOnFault();
  const running = await startSupervisor({
    home,
    version: config.version,
    gateway: config.gateway as Parameters<typeof startSupervisor>[0]["gateway"],
    packages: packagesFor(config.cache),
    privateSourceHosts: config.privateSourceHosts,
    allowFileSources: config.allowLocalSources ?? false,
  });
  // The apps outlive the supervisor on purpose: only a request over the socket ends them.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void running.stop());
  await running.ended;
}

/** A supervisor that ends sooner than this has a fault that comes back at once; starting it again would only repeat it. */
const SOUND_MILLISECONDS = 10_000;

/** A fault of ours must not close the gateway: a fresh process takes over what runs. */
function restartOnFault(): void {
  const startedAt = Date.now();
  process.once("uncaughtException", (error) => {
    process.stderr.write(`${new Date().toISOString()} ${error.stack ?? error.message}\n`);
    if (Date.now() - startedAt > SOUND_MILLISECONDS) {
      spawn(process.execPath, process.argv.slice(1), { detached: true, stdio: "inherit" }).unref();
    }
    process.exit(1);
  });
}

/** Entry of the supervisor's own process: `node dist/supervisor.js <home>`. */
import { keepOwnLogSmall } from "../local/own-log.ts";
import { createPackageStore } from "../local/packages/package-store.ts";
import { currentProcess, resolvePaths } from "../local/paths.ts";
import { ALREADY_RUNNING_EXIT_CODE, AlreadyRunningError } from "../local/supervisor/lock-file.ts";
import type { PackageResolver } from "../local/supervisor/package-resolver.ts";
import { supervisorPaths } from "../local/supervisor/paths.ts";
import { runSupervisor } from "../local/supervisor/run.ts";

/** Somebody an app may run as: the store makes sure such a user can read its environments. */
const UNPRIVILEGED = { uid: 65_534, gid: 65_534 };

function packagesFor(home: string, cache: string): PackageResolver {
  const own = currentProcess();
  const paths = resolvePaths({ ...own, environment: { ...own.environment, ONVERA_HOME: home, ONVERA_CACHE: cache } });
  return createPackageStore({ paths, owner: paths.isRoot ? UNPRIVILEGED : null });
}

const home = process.argv[2];
if (home === undefined) {
  process.stderr.write("Give the home folder: node dist/supervisor.js <home>\n");
  process.exit(2);
}
// On a full disk its own lines are lost; the gateway and the apps go on.
process.stderr.on("error", () => undefined);
keepOwnLogSmall(supervisorPaths(home).ownLog);
try {
  await runSupervisor(home, (cache) => packagesFor(home, cache));
  process.exit(0);
} catch (error) {
  process.stderr.write(`${new Date().toISOString()} ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof AlreadyRunningError ? ALREADY_RUNNING_EXIT_CODE : 1);
}

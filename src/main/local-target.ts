/** This node's cluster as workers and the plain CLI see it: the driver beside Pulumi. */
import { createAdminConnection } from "../automation/targets/database-server/admin-connection.ts";
import { createLocalDriver } from "../automation/targets/local/driver.ts";
import type { TargetDriver } from "../automation/worker/target-driver.ts";
import { createPackageStore } from "../local/packages/package-store.ts";
import type { SupervisorClient } from "../local/supervisor/client-port.ts";
import { revisionFiles } from "../local/supervisor/revision-files.ts";
import type { Installation } from "./installation.ts";
import { benchFolder, MAINTENANCE_DATABASE } from "./local-providers.ts";

/** Somebody an app may run as: the package store makes sure that such a user can read its environments. */
const UNPRIVILEGED = { uid: 65_534, gid: 65_534 };

/** Puts the parts together; nothing is asked of anybody yet. */
export function createLocalTarget(installation: Installation, supervisor: SupervisorClient): TargetDriver {
  const { paths, settings, databaseUrl } = installation;
  const url = new URL(databaseUrl);
  const database = { host: url.hostname, port: Number(url.port || 5432) };
  return createLocalDriver({
    admin: createAdminConnection(withDatabase(databaseUrl, MAINTENANCE_DATABASE)),
    supervisor,
    packages: createPackageStore({ paths, owner: paths.isRoot ? UNPRIVILEGED : null }),
    revisions: revisionFiles(paths.home),
    benchFolder: benchFolder(paths.home),
    database,
    gateway: { domain: settings.domain, httpPort: settings.gatewayHttpPort },
  });
}

function withDatabase(connectionString: string, database: string): string {
  const url = new URL(connectionString);
  url.pathname = `/${database}`;
  return url.href;
}

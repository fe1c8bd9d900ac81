/** This node's cluster as workers and the plain CLI see it: the driver beside Pulumi, the providers below it. */
import path from "node:path";
import { createAdminConnection } from "../automation/targets/local/admin-connection.ts";
import { createLocalDriver } from "../automation/targets/local/driver.ts";
import type { PluginPlan } from "../automation/toolchain/plugin-plan.ts";
import type { TargetDriver } from "../automation/worker/target-driver.ts";
import { createPackageStore } from "../local/packages/package-store.ts";
import type { SupervisorClient } from "../local/supervisor/client-port.ts";
import type { ProviderPackage } from "../providers/host/provider-package.ts";
import { providerPackages } from "../providers/packages.ts";
import { createPgAdmin } from "../providers/postgresql/pg-admin.ts";
import type { Installation } from "./installation.ts";

/** Somebody an app may run as: the package store makes sure that such a user can read its environments. */
const UNPRIVILEGED = { uid: 65_534, gid: 65_534 };

/** Where sessions of the administrator begin; the control plane's role may connect to it on every server. */
const MAINTENANCE_DATABASE = "postgres";

export interface LocalTarget {
  driver: TargetDriver;
  /** The packages our own host serves; the official plugin serves what the plan gives to it. */
  providers(plan: PluginPlan): ProviderPackage[];
}

/** Puts the parts together; nothing is asked of anybody yet. */
export function createLocalTarget(installation: Installation, supervisor: SupervisorClient): LocalTarget {
  const { paths, settings, databaseUrl } = installation;
  const url = new URL(databaseUrl);
  const database = { host: url.hostname, port: Number(url.port || 5432) };
  const driver = createLocalDriver({
    admin: createAdminConnection(withDatabase(databaseUrl, MAINTENANCE_DATABASE)),
    supervisor,
    packages: createPackageStore({ paths, owner: paths.isRoot ? UNPRIVILEGED : null }),
    revisionsFolder: paths.revisions,
    database,
    gateway: { domain: settings.domain, httpPort: settings.gatewayHttpPort },
  });
  const all = providerPackages({
    // Apart, not as a URL: the driver lets a URL's database win over the one a session asks for.
    postgres: createPgAdmin(() => ({
      ...database,
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: MAINTENANCE_DATABASE,
    })),
    supervisor,
    ledgerFolder: path.join(paths.home, "bench"),
  });
  return {
    driver,
    // Roles and databases always go through ours: the fence and the ownership marks are in it (docs/adr/0004-providers.md).
    providers: (plan) => all.filter(({ name }) => name !== "random" || plan.random === "substitute"),
  };
}

function withDatabase(connectionString: string, database: string): string {
  const url = new URL(connectionString);
  url.pathname = `/${database}`;
  return url.href;
}

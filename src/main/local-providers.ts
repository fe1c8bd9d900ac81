/** The provider packages of this node's cluster, for whichever process serves them. */
import path from "node:path";
import { z } from "zod";
import { PluginPlan } from "../automation/toolchain/plugin-plan.ts";
import type { SupervisorClient } from "../local/supervisor/client-port.ts";
import type { ProviderPackage } from "../providers/host/provider-package.ts";
import { providerPackages } from "../providers/packages.ts";
import { createPgAdmin } from "../providers/postgresql/pg-admin.ts";

/** Where sessions of the administrator begin; the control plane's role may connect to it on every server. */
export const MAINTENANCE_DATABASE = "postgres";

/** Where `onvera:bench:Item` writes, on installations that run the bench app. */
export const benchFolder = (home: string): string => path.join(home, "bench");

/** What a provider process is told by its worker. It holds a password, so it travels by their pipe only. */
export const LocalProviderConfig = z.object({
  databaseUrl: z.string(),
  home: z.string(),
  supervisorSocket: z.string(),
  plugins: PluginPlan,
});
export type LocalProviderConfig = z.infer<typeof LocalProviderConfig>;

/** The packages our own host serves; the official plugin serves what the plan gives to it. */
export function localProviders(
  { databaseUrl, home, plugins }: Omit<LocalProviderConfig, "supervisorSocket">,
  supervisor: SupervisorClient,
): ProviderPackage[] {
  const url = new URL(databaseUrl);
  // Apart, not as a URL: it names the control plane's database, where sessions do not begin.
  const here = {
    host: url.hostname,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: MAINTENANCE_DATABASE,
  };
  const all = providerPackages({
    // Apart, not as a URL: the driver lets a URL's database win over the one a session asks for.
    postgres: createPgAdmin(({ access }) => {
      // Rather nowhere than on the wrong server.
      if (access === undefined) throw new Error("Nobody told this process where the stack's database server is.");
      return access.databaseUrl === null ? here : { connectionString: access.databaseUrl };
    }),
    supervisor,
    ledgerFolder: benchFolder(home),
  });
  // Roles and databases always go through ours: the fence and the ownership marks are in it (docs/adr/0004-providers.md).
  return all.filter(({ name }) => name !== "random" || plugins.random === "substitute");
}

/** What every CLI process of ours gets in its environment, and the home folder it points to. */
import { mkdir, rm, symlink } from "node:fs/promises";
import path from "node:path";

/**
 * The variables that make a CLI process quiet, repeatable and free of the network.
 * @param pulumiHome the operation's own PULUMI_HOME (see `preparePulumiHome`)
 */
export function pulumiEnvironment(pulumiHome: string): Record<string, string> {
  return {
    PULUMI_HOME: pulumiHome,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_SKIP_CONFIRMATIONS: "true",
    PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK: "true",
    // Setup decided which plugins there are; an operation never installs one or picks one up from PATH.
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
    PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
    // Listings of a PostgreSQL backend deadlock from four stacks on with more.
    PULUMI_DIY_BACKEND_PARALLEL: "1",
    // The control plane backs its database up itself; copies of each state beside it would only grow.
    PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
    // The operation's own log is the record; Pulumi's grows to 500 MB per home.
    PULUMI_ENABLE_AUTOMATIC_LOGGING: "false",
    // A process of a second: with Go's default, collecting garbage is a quarter of its processor time. The second line
    // holds a large stack's heap down.
    GOGC: "400",
    GOMEMLIMIT: "512MiB",
    PULUMI_SUPPRESS_NEO_LINK: "true",
    PULUMI_NEO: "false",
  };
}

/**
 * Makes an own PULUMI_HOME whose `plugins` leads to the shared ones.
 * @param pulumiHome the folder to make, 0700
 * @param sharedPlugins the folder of plugins that setup filled
 */
export async function preparePulumiHome(pulumiHome: string, sharedPlugins: string): Promise<void> {
  await mkdir(pulumiHome, { recursive: true, mode: 0o700 });
  const link = path.join(pulumiHome, "plugins");
  await rm(link, { force: true });
  await symlink(sharedPlugins, link);
}

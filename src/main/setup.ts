/** `onvera setup`: everything this machine needs before the control plane can run. Idempotent and resumable. */
import path from "node:path";
import { ensurePulumiCli, type PulumiCli } from "../automation/toolchain/ensure-pulumi-cli.ts";
import { ensurePluginPlan, type PluginPlan } from "../automation/toolchain/plugin-plan.ts";
import type { Progress } from "../domain/progress.ts";
import { findAppsFolder } from "../local/packages/apps-folder.ts";
import { ensureUv } from "../local/packages/uv.ts";
import { type OnveraPaths, resolvePaths } from "../local/paths.ts";
import { prepareFolders } from "../local/prepare-folders.ts";
import { reachDatabase, settingsFile } from "./installation.ts";
import { loadSettings } from "./settings.ts";
import type { Verb } from "./verb.ts";

export interface Toolchain {
  paths: OnveraPaths;
  pulumi: PulumiCli;
  plugins: PluginPlan;
}

/**
 * Prepares folders, database server, Pulumi CLI and Python installer; what is there already costs a look.
 * @throws SetupError with the next step
 */
export async function setUp(progress: Progress, signal?: AbortSignal): Promise<Toolchain> {
  const paths = resolvePaths();
  await prepareFolders(paths);
  await loadSettings(settingsFile(paths));
  await reachDatabase(paths, progress, signal);
  const stop = signal ? { signal } : {};
  // The CLI's build is the long part; the Python installer comes in meanwhile.
  const [tools] = await Promise.all([
    pulumiTools(paths, progress, signal),
    ensureUv({ appsFolder: findAppsFolder(), paths, progress, ...stop }),
  ]);
  return { paths, ...tools };
}

/** The CLI and the decision about its plugins; once made, both cost a look. */
export async function pulumiTools(
  paths: OnveraPaths,
  progress: Progress,
  signal?: AbortSignal,
): Promise<Pick<Toolchain, "pulumi" | "plugins">> {
  const stop = signal ? { signal } : {};
  const pulumi = await ensurePulumiCli({ paths, progress, ...stop });
  const plugins = await ensurePluginPlan({ paths, progress, pulumiPath: pulumi.path, ...stop });
  return { pulumi, plugins };
}

export const runSetup: Verb = async (_options, io) => {
  const { paths, pulumi } = await setUp(io.progress, io.signal);
  io.out(`Ready. Pulumi CLI ${pulumi.version} (${pulumi.origin}) at ${pulumi.path}\n`);
  io.out(`Data: ${paths.home}\nCache: ${path.resolve(paths.cache)}\n`);
  return 0;
};

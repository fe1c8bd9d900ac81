/** Which provider plugins the stacks of this machine use: the official ones where they can be had, otherwise our substitutes. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { z } from "zod";
import { type Progress, runStep } from "../../domain/progress.ts";
import type { OnveraPaths } from "../../local/paths.ts";
import { runProgram } from "./program-output.ts";
import { pulumiEnvironment } from "./pulumi-environment.ts";

const Choice = z.enum(["official", "substitute"]);
export const PluginPlan = z.object({ random: Choice, postgresql: Choice });
export type PluginPlan = z.infer<typeof PluginPlan>;
type PluginName = keyof PluginPlan;

const pluginNames = ["random", "postgresql"] as const satisfies readonly PluginName[];

/** The CLI fetches plugins from here first. */
const pluginServer = "https://get.pulumi.com/";
const connectSeconds = 5;
const installSeconds = 300;

export interface PluginPlanOptions {
  paths: Pick<OnveraPaths, "pulumiPlugins">;
  progress: Progress;
  /** The CLI that installs them. */
  pulumiPath: string;
  offline?: boolean;
  /** True decides again although there is a decision. */
  again?: boolean;
  signal?: AbortSignal;
}

/** The folder of the installed plugins, shared and read-only for operations. */
export function sharedPluginFolder(paths: Pick<OnveraPaths, "pulumiPlugins">): string {
  return path.join(paths.pulumiPlugins, "plugins");
}

/** Gives the decision of this machine, taking it when there is none yet. Never fails for want of a network. */
export async function ensurePluginPlan(options: PluginPlanOptions): Promise<PluginPlan> {
  const { paths, progress, again = false } = options;
  const file = path.join(paths.pulumiPlugins, "plan.json");
  await mkdir(sharedPluginFolder(paths), { recursive: true, mode: 0o755 });
  const known = PluginPlan.safeParse(
    await readFile(file, "utf8")
      .then(JSON.parse)
      .catch(() => undefined),
  ).data;
  if (known && !again) return known;
  const step = { name: "plugins", message: "Provider plugins", estimateSeconds: connectSeconds };
  return runStep(progress, step, async (running) => {
    const plan = await decide(options);
    await writeFile(`${file}.${process.pid}`, `${JSON.stringify(plan)}\n`, { mode: 0o644 });
    await rename(`${file}.${process.pid}`, file);
    running.done(`Provider plugins: ${pluginNames.map((name) => `${name} ${plan[name]}`).join(", ")}`);
    return plan;
  });
}

async function decide(options: PluginPlanOptions): Promise<PluginPlan> {
  const plan: PluginPlan = { random: "substitute", postgresql: "substitute" };
  if (options.offline || !(await answers(pluginServer, options.signal))) return plan;
  for (const name of pluginNames) if (await install(name, options)) plan[name] = "official";
  return plan;
}

async function install(name: PluginName, { paths, pulumiPath, signal }: PluginPlanOptions): Promise<boolean> {
  const end = await runProgram(pulumiPath, {
    argv: ["plugin", "install", "resource", name, packageVersion(name)],
    environment: { PATH: process.env.PATH ?? "", HOME: paths.pulumiPlugins, ...pulumiEnvironment(paths.pulumiPlugins) },
    timeoutSeconds: installSeconds,
    ...(signal ? { signal } : {}),
  });
  return end.exitCode === 0;
}

/** The plugin and the npm package of a provider share their version. */
function packageVersion(name: PluginName): string {
  const manifest: unknown = createRequire(import.meta.url)(`@pulumi/${name}/package.json`);
  return z.object({ version: z.string() }).parse(manifest).version;
}

async function answers(url: string, signal?: AbortSignal): Promise<boolean> {
  const limit = AbortSignal.timeout(connectSeconds * 1000);
  return fetch(url, { method: "HEAD", signal: signal ? AbortSignal.any([limit, signal]) : limit }).then(
    () => true,
    () => false,
  );
}

/** A provider host, a throw-away state and the real Pulumi CLI, for tests that drive our providers with small programs. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalWorkspace, PulumiCommand, type PulumiFn, type Stack } from "@pulumi/pulumi/automation/index.js";
import { ensurePulumiCli } from "../../src/automation/toolchain/ensure-pulumi-cli.ts";
import { silentProgress } from "../../src/domain/progress.ts";
import { resolvePaths } from "../../src/local/paths.ts";
import type { ProviderHooks } from "../../src/providers/host/hooks.ts";
import { type ProviderHost, startProviderHost } from "../../src/providers/host/provider-host.ts";
import type { ProviderPackage } from "../../src/providers/host/provider-package.ts";
import type { RegisteredRun } from "../../src/providers/host/run-registry.ts";

export interface WorkbenchStack {
  stack: Stack;
  run: RegisteredRun;
  /** Every byte of the state, as it lies on disk. */
  stateText(): Promise<string>;
}

export interface Workbench {
  host: ProviderHost;
  folder: string;
  /** A stack with a registered run; `program` is read anew for each operation. */
  open(stackName: string, program: PulumiFn, generation?: number): Promise<WorkbenchStack>;
  /** Kills the CLI process started last. */
  killCli(): Promise<void>;
  stop(): Promise<void>;
}

export const openHooks: ProviderHooks = {
  beforeCreate: async () => {},
  afterCreate: async () => {},
  checkFence: async () => {},
};

export async function startWorkbench(
  packages: (folder: string) => ProviderPackage[],
  hooks: ProviderHooks = openHooks,
): Promise<Workbench> {
  const folder = await mkdtemp(join(tmpdir(), "onvera-providers-"));
  await mkdir(join(folder, "cli/bin"), { recursive: true });
  const cli = await ensurePulumiCli({ paths: resolvePaths(), progress: silentProgress });
  // Notes its pid, so that a test can kill the CLI and nothing else.
  const wrapper = `#!/bin/sh\necho $$ > '${folder}/cli/pid'\nexec '${cli.path}' "$@"\n`;
  await writeFile(join(folder, "cli/bin/pulumi"), wrapper, { mode: 0o755 });
  const command = await PulumiCommand.get({ root: join(folder, "cli"), skipVersionCheck: true });
  const host = await startProviderHost({ packages: packages(folder), hooks });
  const runs: RegisteredRun[] = [];
  await mkdir(join(folder, "state"));

  return {
    host,
    folder,
    open: async (stackName, program, generation = 1) => {
      const workDir = join(folder, `work-${runs.length}`);
      await mkdir(workDir);
      const run = host.registerRun({ operationId: `op_${stackName}`, generation, stackName, workDir });
      runs.push(run);
      const stack = await LocalWorkspace.createOrSelectStack(
        { stackName, projectName: "onvera", program },
        {
          pulumiCommand: command,
          workDir,
          envVars: {
            PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
            PULUMI_CONFIG_PASSPHRASE: "throw-away",
            PULUMI_DEBUG_PROVIDERS: host.debugProviders,
            PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
            PULUMI_HOME: join(folder, "home"),
            PULUMI_SKIP_UPDATE_CHECK: "true",
          },
        },
      );
      return { stack, run, stateText: () => textBelow(join(folder, "state")) };
    },
    killCli: async () => {
      process.kill(Number(await readFile(join(folder, "cli/pid"), "utf8")), "SIGKILL");
    },
    stop: async () => {
      await Promise.all(runs.map((run) => run.end()));
      await host.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function textBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return (await Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), "utf8")))).join("\n");
}

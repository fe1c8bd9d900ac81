/**
 * The plain `pulumi` CLI in a folder that looks like an installation: our Pulumi.yaml, the built program, packages.
 * The official language plugin may not be on this machine, so its part is played here: it starts Node.js on the
 * SDK's own entry with the program that Pulumi.yaml names, exactly as the plugin does.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import languageService from "@pulumi/pulumi/proto/language_grpc_pb.js";
import languageMessages, { type RunRequest, type RunResponse } from "@pulumi/pulumi/proto/language_pb.js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import { parse } from "yaml";
import { z } from "zod";
import { ensurePulumiCli } from "../../src/automation/toolchain/ensure-pulumi-cli.ts";
import { silentProgress } from "../../src/domain/progress.ts";
import { resolvePaths } from "../../src/local/paths.ts";
import { bundle } from "./bundle.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url));

interface PlainCliResult {
  code: number | null;
  /** Both streams, in the order they came. */
  output: string;
}

export interface PlainCli {
  folder: string;
  /**
   * Runs `pulumi …` in the installation's folder, with exactly this environment besides PATH and HOME.
   * @param withProgram whether the verb runs the program
   */
  run(args: readonly string[], env: Record<string, string>, withProgram: boolean): Promise<PlainCliResult>;
  stop(): Promise<void>;
}

export async function startPlainCli(): Promise<PlainCli> {
  const folder = await mkdtemp(join(tmpdir(), "onvera-plain-"));
  const project = z.object({ main: z.string() }).parse(parse(await readFile(join(checkout, "Pulumi.yaml"), "utf8")));
  await mkdir(dirname(join(folder, project.main)), { recursive: true });
  await copyFile(await bundle("src/stacks/main.ts"), join(folder, project.main));
  await copyFile(join(checkout, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  await symlink(join(checkout, "node_modules"), join(folder, "node_modules"));
  const { path: cli } = await ensurePulumiCli({ paths: resolvePaths(), progress: silentProgress });

  return {
    folder,
    run: async (args, env, withProgram) => {
      const whole = { PATH: process.env.PATH ?? "", HOME: folder, ...env };
      if (!withProgram) return collect(spawn(cli, args, { cwd: folder, env: whole }));
      const host = await startLanguageHost(folder, whole);
      try {
        return await collect(spawn(cli, [...args, `--client=127.0.0.1:${host.port}`], { cwd: folder, env: whole }));
      } finally {
        host.stop();
      }
    },
    stop: () => rm(folder, { recursive: true }),
  };
}

async function startLanguageHost(folder: string, env: Record<string, string>) {
  const server = new Server();
  server.addService(languageService.LanguageRuntimeService, {
    getRequiredPlugins: reply(() => new languageMessages.GetRequiredPluginsResponse()),
    getPluginInfo: reply(() => {
      const info = new pluginMessages.PluginInfo();
      info.setVersion("1.0.0");
      return info;
    }),
    run: (call: ServerUnaryCall<RunRequest, RunResponse>, answer: sendUnaryData<RunResponse>) => {
      const response = new languageMessages.RunResponse();
      collect(spawn(process.execPath, entryArguments(folder, call.request), { cwd: folder, env })).then(
        ({ code, output }) => {
          // 32: the program failed and has told the engine why.
          if (code === 32) response.setBail(true);
          else if (code !== 0) response.setError(`the program ended with ${code}: ${output}`);
          answer(null, response);
        },
        (cause: Error) => answer(cause),
      );
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { port, stop: () => server.forceShutdown() };
}

function entryArguments(folder: string, request: RunRequest): string[] {
  return [
    join(checkout, "node_modules/@pulumi/pulumi/cmd/run/index.js"),
    `--monitor=${request.getMonitorAddress()}`,
    `--engine=${request.getArgsList()[0] ?? ""}`,
    `--project=${request.getProject()}`,
    `--stack=${request.getStack()}`,
    `--organization=${request.getOrganization()}`,
    `--root-directory=${folder}`,
    `--pwd=${request.getPwd()}`,
    `--parallel=${request.getParallel()}`,
    ...(request.getDryrun() ? ["--dry-run"] : []),
    request.getInfo()?.getEntryPoint() ?? request.getProgram(),
  ];
}

const reply =
  <T>(make: () => T) =>
  (_call: unknown, answer: sendUnaryData<T>) =>
    answer(null, make());

function collect(child: ChildProcess): Promise<PlainCliResult> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (output += String(chunk)));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}

/**
 * What the official Node.js language plugin is to a CLI process, for one line on this machine: it runs the built program
 * of Pulumi.yaml on the SDK's own entry. Setup needs no language plugin that way.
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import languageService from "@pulumi/pulumi/proto/language_grpc_pb.js";
import languageMessages, { type RunRequest, type RunResponse } from "@pulumi/pulumi/proto/language_pb.js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";

export interface LanguageHostOptions {
  /** The built src/stacks/main.ts. */
  program: string;
  folder: string;
  /** The program's whole environment. */
  env: Readonly<Record<string, string>>;
}

export interface LanguageHost {
  /** Value of the CLI's `--client`. */
  address: string;
  stop(): void;
}

/** The SDK's entry ends with this code when the program failed and the engine has been told why. */
const FAILED_AND_TOLD = 32;
const VERSION = "1.0.0";
const KEPT_OUTPUT = 4000;

/** Serves the program until it is stopped; each run is a process of its own. */
export async function startLanguageHost(options: LanguageHostOptions): Promise<LanguageHost> {
  const server = new Server();
  server.addService(languageService.LanguageRuntimeService, {
    getRequiredPlugins: reply(() => new languageMessages.GetRequiredPluginsResponse()),
    getPluginInfo: reply(() => {
      const info = new pluginMessages.PluginInfo();
      info.setVersion(VERSION);
      return info;
    }),
    run: ({ request }: ServerUnaryCall<RunRequest, RunResponse>, answer: sendUnaryData<RunResponse>) => {
      runProgram(options, request).then(
        (response) => answer(null, response),
        (cause: Error) => answer(cause),
      );
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { address: `127.0.0.1:${port}`, stop: () => server.forceShutdown() };
}

async function runProgram(options: LanguageHostOptions, request: RunRequest): Promise<RunResponse> {
  const { code, output } = await runEntry(options, entryArguments(options, request));
  const response = new languageMessages.RunResponse();
  if (code === FAILED_AND_TOLD) response.setBail(true);
  else if (code !== 0) response.setError(`The program ended with code ${code}. ${output}`);
  return response;
}

function entryArguments({ program, folder }: LanguageHostOptions, request: RunRequest): string[] {
  return [
    createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/run/index.js"),
    `--monitor=${request.getMonitorAddress()}`,
    `--engine=${request.getArgsList()[0] ?? ""}`,
    `--project=${request.getProject()}`,
    `--stack=${request.getStack()}`,
    `--organization=${request.getOrganization()}`,
    `--root-directory=${folder}`,
    `--pwd=${folder}`,
    `--parallel=${request.getParallel()}`,
    ...(request.getDryrun() ? ["--dry-run"] : []),
    program,
  ];
}

function runEntry(
  { folder, env }: LanguageHostOptions,
  args: string[],
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    // The build is plain JavaScript; the SDK would load a TypeScript compiler otherwise.
    env: { ...env, PULUMI_NODEJS_TYPESCRIPT: "false" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString("utf8")).slice(-KEPT_OUTPUT);
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output: output.trim() }));
  });
}

const reply =
  <T>(make: () => T) =>
  (_call: unknown, answer: sendUnaryData<T>) =>
    answer(null, make());

/** Runs one command line from its words to its exit code. */
import { CommanderError } from "commander";
import { createApi } from "./api/client.ts";
import { ApiError } from "./api/problem.ts";
import { configPath, readConfig, writeConfig } from "./config/config-file.ts";
import { rememberLocal } from "./config/local-context.ts";
import { type GlobalFlags, resolveSettings, type Settings } from "./config/settings.ts";
import type { ControlPlane } from "./control-plane/port.ts";
import { CliError, notAuthenticated } from "./errors.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Invocation } from "./invocation.ts";
import type { Io } from "./io.ts";
import { createOutput } from "./output/output.ts";
import { red } from "./output/paint.ts";
import { createProgram, type Parsed } from "./program.ts";
import { version } from "./version.ts";

export interface CliDependencies {
  io: Io;
  loadControlPlane(): Promise<ControlPlane>;
  fetch?: typeof fetch;
}

/** @param argv the words after `onvera` @returns the exit code */
export async function runCli(argv: readonly string[], dependencies: CliDependencies): Promise<number> {
  const { io } = dependencies;
  const isDebug = argv.includes("--debug");
  let isLocal = false;
  try {
    if (argv[0] === "__complete") return await printCandidates(argv.slice(1), dependencies);
    const parsed = parse(argv, io);
    if (typeof parsed === "number") return parsed;
    const module = await parsed.spec.load();
    const invocation = await invocationOf(parsed, dependencies);
    isLocal = invocation.settings.isLocal;
    return (await module.run(invocation)) ?? exitCodes.ok;
  } catch (error) {
    const code = report(error, io, isDebug);
    if (isLocal && error instanceof ApiError && error.code === "INVALID_API_KEY") io.err(`  → ${localKeyStep}\n`);
    return code;
  }
}

const localKeyStep = "Was this machine's control plane set up anew? Then take its key: onvera start --background";

/** What the shell's completion asks; never an error, never a question. */
async function printCandidates(words: readonly string[], dependencies: CliDependencies): Promise<number> {
  const { io } = dependencies;
  const { complete } = await import("./completion/complete.ts");
  const settings = resolveSettings({}, io.env, readConfig(configPath(io.env)));
  const api =
    settings.apiKey === undefined ? undefined : createApi({ url: settings.apiUrl, credential: settings.apiKey });
  for (const candidate of await complete(words, api)) io.out(`${candidate}\n`);
  return exitCodes.ok;
}

function parse(argv: readonly string[], io: Io): Parsed | number {
  let parsed: Parsed | undefined;
  const program = createProgram(io, (found) => {
    parsed = found;
  });
  if (argv.length === 0) {
    program.outputHelp();
    return exitCodes.ok;
  }
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-v")) {
    io.out(`onvera ${version}\n`);
    return exitCodes.ok;
  }
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 || error.code === "commander.help" ? exitCodes.ok : exitCodes.usage;
  }
  return parsed ?? exitCodes.usage;
}

async function invocationOf(parsed: Parsed, dependencies: CliDependencies): Promise<Invocation> {
  const { io, loadControlPlane } = dependencies;
  const flags = parsed.options as GlobalFlags;
  const path = configPath(io.env);
  const config = {
    path,
    read: () => readConfig(path),
    write: (file: Parameters<typeof writeConfig>[1]) => writeConfig(path, file),
  };
  const settings = await withLocalAccess(
    resolveSettings(flags, io.env, config.read()),
    parsed,
    config,
    loadControlPlane,
  );
  const debug = flags.debug ? { debug: (line: string) => io.err(`debug: ${line}\n`) } : {};
  const transport = { ...debug, ...(dependencies.fetch ? { fetch: dependencies.fetch } : {}) };
  const painted = flags.color === false ? { ...io, outHasColor: false, errHasColor: false, columns: io.columns } : io;
  const toYaml = settings.output === "yaml" ? (await import("yaml")).stringify : undefined;
  return {
    command: parsed.command,
    args: parsed.args,
    options: parsed.options,
    flags,
    io: painted,
    output: createOutput(painted, settings.output, flags.quiet === true, toYaml),
    settings,
    config,
    api() {
      if (settings.apiKey === undefined) throw keyMissing(settings);
      return createApi({ ...transport, url: settings.apiUrl, credential: settings.apiKey });
    },
    apiWith: (options) => createApi({ ...transport, ...options, url: options.url ?? settings.apiUrl }),
    controlPlane: loadControlPlane,
  };
}

/** Where nothing is configured, a control plane that runs on this machine is used with the key it keeps for its owner. */
async function withLocalAccess(
  settings: Settings,
  { spec, command }: Parsed,
  config: Invocation["config"],
  loadControlPlane: () => Promise<ControlPlane>,
): Promise<Settings> {
  if (settings.apiKey !== undefined || settings.apiUrlFrom !== "default" || spec.calls.length === 0) return settings;
  const access = await loadControlPlane().then((plane) => plane.localAccess());
  if (access === undefined) return settings;
  if (command === "auth login") return { ...settings, apiUrl: access.apiUrl };
  // Not being able to remember only makes the next command slower.
  rememberLocal(config, access);
  return { ...settings, apiUrl: access.apiUrl, apiKey: access.apiKey, apiKeyFrom: "default", isLocal: true };
}

const keyMissing = (settings: Settings): CliError =>
  settings.keyWithheld
    ? notAuthenticated(
        `The key of context '${settings.contextName}' is for another address than ${settings.apiUrl}; it is not sent there.`,
      )
    : notAuthenticated();

function report(error: unknown, io: Io, isDebug: boolean): number {
  if (error instanceof CliError) {
    io.err(`${io.errHasColor ? red(error.message) : error.message}\n`);
    for (const detail of error.details) io.err(`  ${detail}\n`);
    for (const step of error.nextSteps) io.err(`  → ${step}\n`);
    if (isDebug && error.stack) io.err(`${error.stack}\n`);
    return error.exitCode;
  }
  if (isSetupError(error)) {
    io.err(`${error.what}: ${error.why}\n  → ${error.nextStep}\n`);
    if (isDebug) io.err(`${String(error.stack)}\n`);
    return exitCodes.failed;
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  io.err(`Unexpected error: ${message}\n`);
  io.err(isDebug ? `${stack}\n` : "  → Run it again with --debug to see where it comes from.\n");
  return exitCodes.failed;
}

interface ExplainedError extends Error {
  what: string;
  why: string;
  nextStep: string;
}

const isSetupError = (error: unknown): error is ExplainedError =>
  error instanceof Error && "what" in error && "why" in error && "nextStep" in error;

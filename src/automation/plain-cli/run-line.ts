/**
 * A reading line of the plain CLI on this machine, with the terminal's own input and output. Its session carries no
 * generation and its stack no registered run: state and providers refuse every change, whatever the line says.
 */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { PROJECT_NAME } from "../../domain/names.ts";
import type { PulumiLine } from "../../domain/plain-pulumi.ts";
import type { ProgramInput } from "../../domain/program-input.ts";
import type { StackAccess } from "../../domain/stack-access.ts";
import { cliEnvironment, type StateBackend } from "../runner/environment.ts";
import { serveTransit } from "../runner/transit.ts";
import { startLanguageHost } from "./language-host.ts";

export interface PlainStack {
  name: string;
  /** Key of the stack's secrets, 32 bytes in base64. */
  secretsKey: string;
  /** What the program reads; undefined for lines that run none. */
  program: ProgramInput | undefined;
  access: StackAccess;
}

export interface PlainLineOptions {
  pulumiBinary: string;
  backend: StateBackend;
  /** Parent of the line's own folder; made 0700. */
  scratchFolder: string;
  /** The plugins that setup installed. */
  pluginFolder: string;
  /** Value of PULUMI_DEBUG_PROVIDERS; empty when the line asks no provider. */
  debugProviders: string;
  /** The built src/stacks/main.ts. */
  programEntry: string;
  testApps: boolean;
  line: PulumiLine;
  stack: PlainStack | undefined;
  /** Where the person stands: file names in the line are meant from there. */
  folder: string;
}

/** Runs the line. @returns pulumi's exit code */
export async function runPlainLine(options: PlainLineOptions): Promise<number> {
  const { stack, line } = options;
  await mkdir(options.scratchFolder, { recursive: true, mode: 0o700 });
  const scratch = await mkdtemp(join(options.scratchFolder, "pulumi-"));
  const work = join(scratch, "work");
  const undo: (() => unknown)[] = [() => rm(scratch, { recursive: true, force: true })];
  try {
    await mkdir(work, { mode: 0o700 });
    await writeFile(join(work, "Pulumi.yaml"), stringify({ name: PROJECT_NAME, runtime: "nodejs" }));
    const place = { scratch, generation: undefined, kubeconfig: stack?.access.kubeconfig ?? null };
    const env = { ...(await cliEnvironment({ ...options, ...place })), ...terminal() };
    const args = withAbsoluteFiles(line.rest, options.folder);
    if (stack !== undefined) {
      args.push("--stack", stack.name);
      Object.assign(env, await serveKey(stack, work, undo));
    }
    if (stack?.program !== undefined) {
      const specFile = join(scratch, "spec.json");
      await writeFile(specFile, JSON.stringify(stack.program), { mode: 0o600 });
      const program = { ...env, ONVERA_SPEC_FILE: specFile, ONVERA_TEST_APPS: options.testApps ? "1" : "0" };
      const host = await startLanguageHost({ program: options.programEntry, folder: work, env: program });
      undo.push(host.stop);
      args.push(`--client=${host.address}`);
    }
    return await runCli(options.pulumiBinary, args, work, env);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

/** Serves the stack's key and writes the settings that lead there. @returns the environment that names it */
async function serveKey(stack: PlainStack, work: string, undo: (() => unknown)[]): Promise<Record<string, string>> {
  const transit = await serveTransit(stack.name, Buffer.from(stack.secretsKey, "base64"));
  undo.push(transit.close);
  const settings = { secretsprovider: `hashivault://${stack.name}`, encryptedkey: transit.encryptedKey };
  await writeFile(join(work, `Pulumi.${stack.name}.yaml`), stringify(settings));
  return { VAULT_SERVER_URL: transit.url, VAULT_SERVER_TOKEN: transit.token };
}

/** A Ctrl+C reaches the CLI by the terminal itself; this process waits for its end. */
function runCli(binary: string, args: string[], cwd: string, env: Record<string, string>): Promise<number> {
  return new Promise((done, reject) => {
    const child = spawn(binary, args, { cwd, env, stdio: "inherit" });
    const stop = () => child.kill("SIGTERM");
    process.once("SIGTERM", stop);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      process.removeListener("SIGTERM", stop);
      done(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

const fileFlags = new Set(["--file", "--save-plan", "--import-file"]);

/** The CLI runs in a folder of its own, so names of files are made whole. */
function withAbsoluteFiles(words: readonly string[], folder: string): string[] {
  return words.map((word, index) => {
    const before = words[index - 1] ?? "";
    if (fileFlags.has(before)) return resolve(folder, word);
    const [flag, value] = splitOnce(word);
    return value !== undefined && fileFlags.has(flag) ? `${flag}=${resolve(folder, value)}` : word;
  });
}

function splitOnce(word: string): [string, string | undefined] {
  const at = word.indexOf("=");
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

/** What the CLI needs to draw on this terminal. */
function terminal(): Record<string, string> {
  const names = ["TERM", "COLUMNS", "LINES", "NO_COLOR"];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name] ?? ""]] : [])));
}

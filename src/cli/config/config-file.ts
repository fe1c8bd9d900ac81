/** The CLI's own file: `~/.config/onvera/config.json`, readable by its owner only, because it holds keys. */
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, sep } from "node:path";
import { CliError } from "../errors.ts";
import { type OutputFormat, outputFormats } from "../output/formats.ts";

export interface StoredContext {
  api_url?: string;
  api_key?: string;
  /** The control plane of this machine; `deploy` starts it when it is not up. */
  local?: boolean;
  /** Named in every question, so that nobody changes it by mistake. */
  production?: boolean;
}

/** Members not named here are kept as they are: a newer CLI may have written them. */
export interface ConfigFile {
  current_context?: string | undefined;
  contexts: Record<string, StoredContext>;
  /** The output format used when no flag names one. */
  output?: OutputFormat;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the file is: %APPDATA% on Windows, elsewhere $XDG_CONFIG_HOME or ~/.config. */
export function configPath(env: Environment, platform: NodeJS.Platform = process.platform): string {
  if (platform === "win32" && env.APPDATA) return join(env.APPDATA, "onvera", "config.json");
  const base = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), ".config");
  return join(base, "onvera", "config.json");
}

/** The path as people write it, with `~` for the home folder. */
export function displayPath(path: string, env: Environment): string {
  const home = env.HOME || homedir();
  return home !== "" && path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path;
}

/**
 * Reads the file; an absent one is an empty configuration. A file others could read is closed to them.
 * @throws CliError when the file is not what this CLI writes
 */
export function readConfig(path: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
    if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { contexts: {} };
    if (isClosed(error)) throw unreadable(path, "it cannot be opened", error);
    throw error;
  }
  const content = parseJson(text, path);
  const fault = faultOf(content);
  if (fault !== undefined) throw unreadable(path, fault);
  return { contexts: {}, ...(content as Partial<ConfigFile>) };
}

/** Writes the file at once or not at all, mode 0600. */
export function writeConfig(path: string, config: ConfigFile): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    writeFileSync(temporary, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new CliError(`${path} cannot be written: ${(error as Error).message}`, {
      nextSteps: ["Check who owns the folder, or set XDG_CONFIG_HOME to one you may write."],
      cause: error,
    });
  }
}

const isClosed = (error: unknown): boolean =>
  ["EACCES", "EPERM", "EISDIR"].includes((error as NodeJS.ErrnoException).code ?? "");

const unreadable = (path: string, why: string, cause?: unknown): CliError =>
  new CliError(`${path} is not a usable configuration: ${why}`, {
    nextSteps: ["Mend it, or move it away and run 'onvera auth login'."],
    cause,
  });

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable(path, (error as Error).message, error);
  }
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What is wrong with a parsed file, or undefined. Written by hand: a schema library costs every command 100 ms. */
function faultOf(content: unknown): string | undefined {
  if (!isMap(content)) return "it holds no JSON object";
  const { current_context, contexts = {}, output } = content;
  if (current_context !== undefined && typeof current_context !== "string") return "current_context is not a text";
  if (output !== undefined && !outputFormats.includes(output as OutputFormat)) {
    return `output is none of ${outputFormats.join(", ")}`;
  }
  if (!isMap(contexts)) return "contexts is not an object";
  for (const [name, context] of Object.entries(contexts)) {
    if (!isMap(context)) return `contexts.${name} is not an object`;
    for (const member of ["api_url", "api_key"]) {
      const value = context[member];
      if (value !== undefined && typeof value !== "string") return `contexts.${name}.${member} is not a text`;
    }
  }
  return undefined;
}

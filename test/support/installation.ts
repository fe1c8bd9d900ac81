/**
 * A whole installation of its own for one test file: the real launcher, an empty HOME, a scratch home folder, ports of
 * its own. Only the cache (toolchain, packages) is shared, as on a machine that has been set up once.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const checkout = fileURLToPath(new URL("../..", import.meta.url));

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface WebAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export interface SpawnOptions {
  /** Whether it stands on a terminal of its own. */
  terminal?: boolean;
  env?: Record<string, string>;
  /** How many files and connections it may have open; as many as this process when left out. */
  openFiles?: number | undefined;
  /** Another version's `./onvera`. */
  launcher?: string | undefined;
}

export interface Installation {
  folder: string;
  /** Runs `./onvera …` to its end. */
  onvera(args: string[], options?: { stdin?: string; timeoutSeconds?: number }): Promise<CommandResult>;
  /** Starts `./onvera …` and leaves it running. */
  spawnOnvera(args: string[], options?: SpawnOptions): ChildProcess;
  /** Asks a deployment's URL, dialing 127.0.0.1 with its Host: Node does not resolve *.localhost. */
  fetchApp(
    url: string,
    options?: { method?: string; headers?: Record<string, string>; body?: string },
  ): Promise<WebAnswer>;
  /** Pids of every process that was started for this installation. */
  processes(): number[];
  remove(): Promise<void>;
}

/** Makes an installation; nothing runs until a command is given. */
export function makeInstallation(extraEnvironment: Record<string, string> = {}): Installation {
  const folder = mkdtempSync(path.join(tmpdir(), "onvera-test-"));
  // Deployments run under other user ids as root; they must be able to pass through.
  chmodSync(folder, 0o711);
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    HOME: path.join(folder, "user"),
    ONVERA_HOME: path.join(folder, "home"),
    LANG: "C.UTF-8",
    ...passedOn([
      "NODE_EXTRA_CA_CERTS",
      "SSL_CERT_FILE",
      "PIP_CERT",
      "ONVERA_CACHE",
      "GOPROXY",
      "PIP_INDEX_URL",
      "UV_INDEX_URL",
    ]),
    ...extraEnvironment,
  };

  const present = path.join(checkout, "onvera");
  const spawnOnvera: Installation["spawnOnvera"] = (args, options = {}) => {
    const { terminal = false, env: more = {}, openFiles, launcher = present } = options;
    const limited = openFiles === undefined ? [] : ["-c", 'ulimit -n "$0" && exec "$@"', String(openFiles)];
    const [command, given] =
      limited.length > 0
        ? ["/bin/sh", [...limited, launcher, ...args]]
        : terminal
          ? ["python3", ["-c", onTerminal, launcher, ...args]]
          : [launcher, args];
    return spawn(command, given, { env: { ...env, ...more }, cwd: folder, stdio: ["pipe", "pipe", "pipe"] });
  };

  const onvera: Installation["onvera"] = (args, options = {}) =>
    new Promise((resolve, reject) => {
      const child = spawnOnvera(args);
      let stdout = "";
      let stderr = "";
      child.stdout?.on("data", (chunk) => {
        stdout += chunk;
      });
      child.stderr?.on("data", (chunk) => {
        stderr += chunk;
      });
      const limit = setTimeout(
        () => {
          child.kill("SIGKILL");
          reject(new Error(`onvera ${args.join(" ")} did not end in time.\n${stdout}\n${stderr}`));
        },
        (options.timeoutSeconds ?? 600) * 1000,
      );
      child.on("error", reject);
      child.on("close", (code) => {
        clearTimeout(limit);
        resolve({ code, stdout, stderr });
      });
      child.stdin?.end(options.stdin ?? "");
    });

  return {
    folder,
    onvera,
    spawnOnvera,
    fetchApp,
    processes: () => processesOf(folder),
    remove: async () => {
      await onvera(["stop"], { timeoutSeconds: 120 }).catch(() => undefined);
      const left = processesOf(folder);
      for (const pid of left) process.kill(pid, "SIGKILL");
      rmSync(folder, { recursive: true, force: true });
      if (left.length > 0) throw new Error(`onvera stop left ${left.length} processes running`);
    },
  };
}

/** Runs a command on a pseudo-terminal: prompts are asked on terminals only. */
const onTerminal = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";

function passedOn(names: string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

function fetchApp(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<WebAnswer> {
  const target = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: "127.0.0.1",
        port: target.port,
        path: `${target.pathname}${target.search}`,
        method: options.method ?? "GET",
        headers: { host: target.host, ...options.headers },
        timeout: 60_000,
      },
      (answer) => {
        let body = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk) => {
          body += chunk;
        });
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
      },
    );
    outgoing.on("error", reject);
    outgoing.end(options.body);
  });
}

/** Every process whose command line, environment or working folder names the installation's folder (Linux). */
function processesOf(folder: string): number[] {
  if (!existsSync("/proc")) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => ["cmdline", "environ"].some((part) => readOrEmpty(`/proc/${pid}/${part}`).includes(folder)));
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

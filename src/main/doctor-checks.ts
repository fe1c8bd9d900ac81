/** What 'onvera doctor' looks at, one function per line of its answer. None of them changes anything, and only the mail's uses the network. */
import { execFile } from "node:child_process";
import { readFile, statfs } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { ensurePulumiCli } from "../automation/toolchain/ensure-pulumi-cli.ts";
import { sharedPluginFolder } from "../automation/toolchain/plugin-plan.ts";
import { silentProgress } from "../domain/progress.ts";
import { SetupError } from "../domain/setup-error.ts";
import { findPython } from "../local/packages/python.ts";
import type { OnveraPaths } from "../local/paths.ts";
import { findListener, isFree } from "../local/postgres/ports.ts";
import { runningPostmaster } from "../local/postgres/postmaster.ts";
import { createSupervisorClient } from "../local/supervisor/client.ts";
import { supervisorPaths } from "../local/supervisor/paths.ts";
import { openMailTransport } from "../server/mail/transport.ts";
import { isReady } from "./background.ts";
import { mailSettings } from "./mail-settings.ts";
import { runningControlPlane } from "./run-record.ts";
import type { Settings } from "./settings.ts";

const run = promisify(execFile);
const NEEDED_FREE_BYTES = 5 * 1024 ** 3;
const GIBIBYTE = 1024 ** 3;
const UNPRIVILEGED = { uid: 65_534, gid: 65_534 };

export interface Finding {
  name: string;
  state: "ok" | "note" | "problem";
  detail: string;
  fix?: string;
}

export function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const fits = major > 20 || (major === 20 && minor >= 19);
  return {
    name: "Node.js",
    state: fits ? "ok" : "problem",
    detail: process.version,
    ...(fits ? {} : { fix: "Install Node.js 20.19 or newer" }),
  };
}

export const checkPython = ({ isRoot }: OnveraPaths): Promise<Finding> =>
  asked("Python", "problem", async () => {
    const { path: file, minor } = await findPython({ owner: isRoot ? UNPRIVILEGED : null });
    return `${minor} at ${file}`;
  });

/** Looked up, never built or fetched. */
export async function checkPulumi(paths: OnveraPaths): Promise<Finding> {
  const found = await asked("Pulumi CLI", "note", async () => {
    const { version, origin, path: file } = await ensurePulumiCli({ paths, progress: silentProgress, offline: true });
    return `${version} (${origin}) at ${file}`;
  });
  return found.state === "ok" ? found : { ...found, fix: "onvera setup" };
}

export async function checkPlugins(paths: OnveraPaths): Promise<Finding> {
  const name = "Plug-ins";
  const plan = path.join(path.dirname(sharedPluginFolder(paths)), "plan.json");
  try {
    const stdout = await readFile(plan, "utf8");
    const choices = Object.entries(JSON.parse(stdout) as Record<string, string>);
    return { name, state: "ok", detail: choices.map(([plugin, choice]) => `${plugin} ${choice}`).join(", ") };
  } catch {
    return { name, state: "note", detail: "not decided yet", fix: "onvera setup" };
  }
}

/** A program that only some deployments need. */
export async function checkTool(name: string, command: string, args: string[], fix: string): Promise<Finding> {
  try {
    const { stdout } = await run(command, args, { timeout: 10_000 });
    return { name, state: "ok", detail: stdout.trim() };
  } catch {
    return { name, state: "note", detail: "not found", fix };
  }
}

/** The file system a folder is, or will be, on. */
export async function checkDisk(name: string, folder: string): Promise<Finding> {
  let there = path.resolve(folder);
  for (;;) {
    const system = await statfs(there).catch(() => undefined);
    if (system !== undefined) {
      const free = system.bavail * system.bsize;
      const detail = `${(free / GIBIBYTE).toFixed(1)} GiB free at ${folder}`;
      if (free >= NEEDED_FREE_BYTES) return { name, state: "ok", detail };
      return { name, state: "problem", detail, fix: "Free some space there: toolchain and apps need about 5 GiB" };
    }
    there = path.dirname(there);
  }
}

export function checkIsolation(isRoot: boolean): Finding {
  if (isRoot) return { name: "User", state: "ok", detail: "root: each deployment runs under a user id of its own" };
  return {
    name: "User",
    state: "note",
    detail: `uid ${process.getuid?.()}: deployments share it; this installation takes one organization only`,
    fix: "Run as root for walls between deployments (docs/security.md)",
  };
}

/** Ports that nothing of ours holds must be free for the next start. */
export async function checkPorts(settings: Settings | undefined, running: { plane: boolean; gateway: boolean }) {
  const name = "Ports";
  if (settings === undefined) return [{ name, state: "note" as const, detail: "chosen at the first start" }];
  const { apiPort, gatewayHttpPort, gatewayHttpsPort } = settings;
  const wanted: [string, number, boolean][] = [
    ["API port", apiPort, running.plane],
    ["Gateway (http)", gatewayHttpPort, running.gateway],
    ["Gateway (https)", gatewayHttpsPort, running.gateway],
  ];
  return Promise.all(
    wanted.map(async ([label, port, isOurs]): Promise<Finding> => {
      if (isOurs) return { name: label, state: "ok", detail: `${port}, in use by Onvera` };
      if (await isFree(port)) return { name: label, state: "ok", detail: `${port} is free` };
      const holder = (await findListener(port)) ?? "another program";
      const fix =
        label === "API port" ? "End it, or set ONVERA_API_PORT" : "End it, or change the port in settings.json";
      return { name: label, state: "problem", detail: `${port} is taken by ${holder.replace(/,$/, "")}`, fix };
    }),
  );
}

export async function checkDatabase(paths: OnveraPaths): Promise<Finding> {
  const name = "Database";
  if (process.env.DATABASE_URL) return { name, state: "ok", detail: "your own server (DATABASE_URL)" };
  const server = await runningPostmaster(paths.postgres.data);
  if (server === undefined)
    return { name, state: "note", detail: "embedded PostgreSQL does not run", fix: "onvera start" };
  return { name, state: "ok", detail: `embedded PostgreSQL on port ${server.port} (pid ${server.pid})` };
}

export async function checkSupervisor(paths: OnveraPaths): Promise<Finding> {
  const name = "Supervisor";
  try {
    const { deployments, pid } = await createSupervisorClient(supervisorPaths(paths.home).socket).status();
    return { name, state: "ok", detail: `runs (pid ${pid}), deployments: ${deployments.length}` };
  } catch {
    return { name, state: "note", detail: "does not run", fix: "onvera start" };
  }
}

export async function checkControlPlane(paths: OnveraPaths): Promise<Finding> {
  const name = "Control plane";
  const plane = await runningControlPlane(paths);
  if (!plane) return { name, state: "note", detail: "not running", fix: "onvera start" };
  if (await isReady(plane.apiUrl)) return { name, state: "ok", detail: `ready at ${plane.apiUrl}` };
  return {
    name,
    state: "problem",
    detail: `process ${plane.pid} runs, but its API is not ready`,
    fix: "Look at 'onvera logs'; 'onvera stop' and 'onvera start' if it stays so",
  };
}

/** Connects and signs in as a mail would, and sends none. */
export async function checkMail(env: NodeJS.ProcessEnv): Promise<Finding> {
  const name = "Mail";
  return asked(name, "problem", async () => {
    const settings = mailSettings(env);
    if (settings === undefined) return "not set up: links of invitations are shown";
    await openMailTransport({ ...settings, timeoutMilliseconds: 5000 })
      .verify()
      .catch((error: Error) => {
        const { host } = new URL(settings.url);
        const nextStep = "Look at ONVERA_SMTP_URL and whether the server is up";
        throw new SetupError("setting-invalid", { what: `${host} takes no mail`, why: error.message, nextStep });
      });
    return `${new URL(settings.url).host} takes mail from ${settings.from}`;
  });
}

async function asked(name: string, whenMissing: "note" | "problem", look: () => Promise<string>): Promise<Finding> {
  try {
    return { name, state: "ok", detail: await look() };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return { name, state: whenMissing, detail: `${error.what}: ${error.why}`, fix: error.nextStep };
  }
}

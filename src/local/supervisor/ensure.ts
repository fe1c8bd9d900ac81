/** Makes sure that the right supervisor runs: started when there is none, replaced when it is an older build. */

import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { isInstallerSetting } from "../packages/installer-environment.ts";
import { createSupervisorClient, supervisorStatus } from "./client.ts";
import { SupervisorError } from "./client-port.ts";
import { ALREADY_RUNNING_EXIT_CODE, readHolder } from "./lock-file.ts";
import { supervisorPaths } from "./paths.ts";
import { isRunning } from "./process-table.ts";
import type { SupervisorStatus } from "./protocol.ts";
import { readJsonFile, writeJsonFile } from "./state-file.ts";
import type { SupervisorConfig } from "./supervisor-config.ts";
import { digestOf } from "./workload-files.ts";

export interface EnsureRequest {
  home: string;
  config: SupervisorConfig;
  /** What to run: `[process.execPath, "…/dist/supervisor.js"]`. The home folder is added. */
  command: string[];
  /** How long it may take until it answers. */
  timeoutMilliseconds?: number;
}

/**
 * Answers what the running supervisor says of itself. Replacing one leaves the apps running; the new one takes them over.
 * @throws Error with the supervisor's last own words when it does not come up
 */
export async function ensureSupervisor(request: EnsureRequest): Promise<SupervisorStatus> {
  const paths = supervisorPaths(request.home);
  const running = await statusNow(paths.socket);
  const wanted = digestOf(request.config);
  if (running !== undefined) {
    const sameConfig = digestOf(readJsonFile(paths.config) ?? null) === wanted;
    if (running !== "unreadable" && running.version === request.config.version && sameConfig) return running;
    await endPresent(paths.socket, paths.lock);
  }
  mkdirSync(paths.home, { recursive: true, mode: 0o711 });
  writeJsonFile(paths.config, request.config);
  const started = startDetached(request, paths.ownLog);
  return waitUntilUp(request, started, paths.socket, paths.ownLog);
}

/** Asks the present supervisor to leave and waits until its process is gone. */
async function endPresent(socket: string, lock: string): Promise<void> {
  const holder = readHolder(lock);
  await createSupervisorClient(socket).shutdown({ stopDeployments: false });
  const until = Date.now() + 30_000;
  while (holder !== undefined && isRunning(holder)) {
    if (Date.now() > until)
      throw new Error(`The earlier supervisor (process ${holder.pid}) does not end; end it by hand.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A process we started: its exit code once it has ended. */
interface Started {
  pid: number | undefined;
  exitCode: number | null;
}

function startDetached(request: EnsureRequest, logFile: string): Started {
  const [program, ...args] = request.command;
  mkdirSync(supervisorPaths(request.home).root, { recursive: true, mode: 0o700 });
  const log = openSync(logFile, "a", 0o600);
  try {
    const child = spawn(program ?? process.execPath, [...args, request.home], {
      detached: true,
      stdio: ["ignore", log, log],
      cwd: "/",
      env: ownEnvironment(),
    });
    const started: Started = { pid: child.pid, exitCode: null };
    child.on("error", () => {
      started.exitCode = 127;
    });
    child.on("exit", (code) => {
      started.exitCode = code ?? 1;
    });
    child.unref();
    return started;
  } finally {
    closeSync(log);
  }
}

const ownSettings = new Set(["PATH", "HOME", "LANG", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", "GIT_SSL_CAINFO"]);

/**
 * The control plane's environment may hold its database's password; a supervisor needs none of that. It installs the
 * deployments' extra packages, so it must know the machine's mirrors and proxies.
 */
function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && (ownSettings.has(entry[0]) || isInstallerSetting(entry[0])),
    ),
  );
}

async function waitUntilUp(
  request: EnsureRequest,
  started: Started,
  socket: string,
  logFile: string,
): Promise<SupervisorStatus> {
  const until = Date.now() + (request.timeoutMilliseconds ?? 15_000);
  while (Date.now() < until) {
    const status = await statusNow(socket);
    if (status !== undefined && status !== "unreadable" && status.version === request.config.version) {
      if (status.pid !== started.pid) endLatecomer(started);
      return status;
    }
    // Another starter was quicker: its supervisor is as good as ours.
    const pointless = started.exitCode !== null && started.exitCode !== ALREADY_RUNNING_EXIT_CODE;
    if (pointless) break;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error(`The supervisor did not come up. Its last words (${logFile}):\n${lastWords(logFile)}`);
}

/** Undefined when none answers. Another build may say of itself what this one cannot read; it is replaced as well. */
async function statusNow(socket: string): Promise<SupervisorStatus | "unreadable" | undefined> {
  try {
    return await supervisorStatus(socket);
  } catch (error) {
    if (!(error instanceof SupervisorError)) return "unreadable";
    throw error;
  }
}

/** Another starter was quicker. Ours must not wait for its chance and come up when that one is stopped. */
function endLatecomer({ pid, exitCode }: Started): void {
  if (pid === undefined || exitCode !== null) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It found the other one and ended by itself.
  }
}

function lastWords(logFile: string): string {
  try {
    return readFileSync(logFile, "utf8").trim().split("\n").slice(-5).join("\n");
  } catch {
    return "none";
  }
}

/** Starts and stops the server process. It outlives whoever started it. */
import { type ChildProcess, spawn } from "node:child_process";
import { open, readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { SetupError } from "../../domain/setup-error.ts";
import { diskFull } from "../prepare-folders.ts";
import { processIdentity } from "../process-identity.ts";
import type { PostgresBinaries } from "./binaries.ts";
import { type Postmaster, removeStaleFiles, runningPostmaster } from "./postmaster.ts";
import { cannotStart, identityOf, serverEnvironment } from "./run-as.ts";
import type { ServerUser } from "./server-user.ts";

export interface ServerPlace {
  binaries: PostgresBinaries;
  user: ServerUser;
  data: string;
  configFile: string;
  socketFolder: string;
  port: number;
  /** What the server says before its own log begins. */
  startLog: string;
  logFolder?: string;
}

export interface StartOptions {
  /** Recovery after a crash replays the write-ahead log first, which may take a while. */
  timeoutSeconds?: number;
  signal?: AbortSignal;
}

/** Its own children hold the shared memory for a moment after a killed server. */
const leftoverSeconds = 20;

/**
 * Starts the server and waits until it accepts connections.
 * @throws SetupError `port-taken`, `disk-full`, `postgres-unavailable`, `postgres-failed`, `canceled`
 */
export async function startServer(place: ServerPlace, options: StartOptions = {}): Promise<Postmaster> {
  await removeStaleFiles(place.data, place.socketFolder, place.port);
  const giveUpAt = Date.now() + leftoverSeconds * 1000;
  for (;;) {
    const outcome = await attempt(place, options);
    if (typeof outcome !== "string") return outcome;
    const isLeftover = /pre-existing shared memory block|Is another postmaster .* running/.test(outcome);
    if (!isLeftover || Date.now() > giveUpAt) throw startFailed(place, outcome);
    await wait(200);
  }
}

/**
 * Ends the server on this data folder: open transactions are rolled back, everything committed is kept.
 * @returns false when none was running
 */
export async function stopServer(data: string, { timeoutSeconds = 30 } = {}): Promise<boolean> {
  const server = await runningPostmaster(data);
  if (!server) return false;
  const identity = await processIdentity(server.pid);
  const isGone = async () => (await processIdentity(server.pid)) !== identity;
  for (const [signal, seconds] of [
    ["SIGINT", timeoutSeconds],
    ["SIGQUIT", 10],
    ["SIGKILL", 10],
  ] as const) {
    if (await isGone()) return true;
    send(server.pid, signal);
    for (const until = Date.now() + seconds * 1000; Date.now() < until; await wait(20)) if (await isGone()) return true;
  }
  throw new SetupError("postgres-failed", {
    what: "The database could not be stopped",
    why: `process ${server.pid} does not end, not even when killed; its disk may hang.`,
    nextStep: "Look at the disk (dmesg), then run the command again.",
  });
}

/** One start: the running server, or what it said before it ended. */
async function attempt(
  place: ServerPlace,
  { timeoutSeconds = 120, signal }: StartOptions,
): Promise<Postmaster | string> {
  const log = await open(place.startLog, "w", 0o600);
  const startedAt = Date.now();
  let child: ChildProcess;
  let ended: Error | "exited" | undefined;
  try {
    child = spawn(place.binaries.postgres, ["-D", place.data, "-c", `config_file=${place.configFile}`], {
      cwd: place.data,
      env: serverEnvironment,
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
      ...identityOf(place.user),
    });
    child.once("error", (error) => {
      ended = error;
    });
    child.once("exit", () => {
      ended = "exited";
    });
    child.unref();
  } finally {
    await log.close();
  }
  for (const until = startedAt + timeoutSeconds * 1000; ; await wait(15)) {
    if (ended instanceof Error) throw cannotStart(place.binaries.postgres, ended);
    if (ended) return said(place, startedAt);
    const server = await runningPostmaster(place.data);
    if (server?.isReady && server.pid === child.pid) return server;
    if (Date.now() < until && !signal?.aborted) continue;
    if (child.pid) send(child.pid, "SIGQUIT");
    throw new SetupError(signal?.aborted ? "canceled" : "postgres-failed", {
      what: "The database did not start",
      why: signal?.aborted
        ? "the set-up was canceled."
        : `it was not ready within ${timeoutSeconds} seconds. ${await said(place, startedAt)}`,
      nextStep: `Read ${place.startLog}${place.logFolder ? ` and ${place.logFolder}` : ""}, then run the command again.`,
    });
  }
}

/** The last lines of the start log and of the server's own newest log. */
async function said(place: ServerPlace, sinceMilliseconds: number): Promise<string> {
  const files = [place.startLog];
  for (const name of place.logFolder ? await readdir(place.logFolder) : []) {
    const file = path.join(place.logFolder ?? "", name);
    if ((await stat(file)).mtimeMs >= sinceMilliseconds - 1000) files.push(file);
  }
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8").catch(() => "")));
  return texts
    .flatMap((text) => text.trim().split("\n").slice(-6))
    .filter((line) => line !== "")
    .join(" · ");
}

function startFailed(place: ServerPlace, output: string): SetupError {
  if (output.includes("No space left on device")) return diskFull(place.data);
  if (/could not bind|could not create any TCP\/IP sockets/.test(output)) return portTaken(place.port);
  return new SetupError("postgres-failed", {
    what: "The database did not start",
    why: output ? `it said: ${output}` : "it ended without a word.",
    nextStep: `Mend what it says (the whole text is in ${place.startLog}${place.logFolder ? ` and ${place.logFolder}` : ""}), then run the command again.`,
  });
}

/**
 * The error for a port somebody else listens on.
 * @param by who that is, where it can be told
 */
export function portTaken(port: number, by = "another program", settingsFile?: string): SetupError {
  return new SetupError("port-taken", {
    what: `The database's port ${port} is taken`,
    why: `${by} listens on 127.0.0.1:${port}.`,
    nextStep: `Stop that program and run the command again${settingsFile ? `, or write another port into ${settingsFile}: apps follow at their next restart` : ""}.`,
  });
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}

/** Starts the control plane behind the caller's back, and finds the one that runs. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type Progress, runStep } from "../domain/progress.ts";
import { SetupError } from "../domain/setup-error.ts";
import { withLock } from "../local/lock-file.ts";
import { ownLogLimits, setAsideWhenLarge } from "../local/own-log.ts";
import { type OnveraPaths, resolvePaths } from "../local/paths.ts";
import { prepareFolders } from "../local/prepare-folders.ts";
import { distFile } from "./dist-file.ts";
import { readLocalKey } from "./local-key.ts";
import { runningControlPlane } from "./run-record.ts";
import { setUp } from "./setup.ts";
import { takeStartFailure } from "./start-failure.ts";

const READY_WITHIN_SECONDS = 90;
const LONGEST_LINE = 300;

export interface LocalAccess {
  apiUrl: string;
  apiKey: string;
}

/** The control plane's own log. */
export const controlPlaneLog = (paths: OnveraPaths): string => path.join(paths.logs, "control-plane.log");

/** The running control plane of this machine; undefined when there is none or the caller may not read its key. */
export async function localAccess(): Promise<LocalAccess | undefined> {
  const paths = resolvePaths();
  const running = await runningControlPlane(paths);
  const apiKey = readLocalKey(paths);
  return running && apiKey ? { apiUrl: running.apiUrl, apiKey } : undefined;
}

/**
 * Sets up what is missing and starts the control plane in the background; joins the one that runs.
 * @throws SetupError with the reason the started process gave, or `not-started` with the last lines of its log
 */
export async function ensureControlPlane(options: { progress: Progress }): Promise<LocalAccess & { started: boolean }> {
  const paths = resolvePaths();
  const before = await readyAccess();
  if (before) return { ...before, started: false };
  await prepareFolders(paths);
  // Two first deploys at once: the second waits, then joins.
  return withLock(path.join(paths.run, "starting.lock"), {}, async () => {
    const meanwhile = await readyAccess();
    if (meanwhile) return { ...meanwhile, started: false };
    await setUp(options.progress);
    const step = { name: "control-plane", message: "Control plane", estimateSeconds: 4 };
    const access = await runStep(options.progress, step, async (running) => {
      const found = await startAndWait(paths);
      running.done(`Control plane at ${found.apiUrl}`);
      return found;
    });
    return { ...access, started: true };
  });
}

async function readyAccess(): Promise<LocalAccess | undefined> {
  const access = await localAccess();
  return access && (await isReady(access.apiUrl)) ? access : undefined;
}

async function startAndWait(paths: OnveraPaths): Promise<LocalAccess> {
  const present = await runningControlPlane(paths);
  if (present) {
    const isHere = async () => (await runningControlPlane(paths))?.pid === present.pid;
    const access = await waitWhile(isHere);
    if (access) return access;
    if (await isHere()) throw notStarted(paths, `process ${present.pid} was not ready after ${READY_WITHIN_SECONDS} s`);
    // It was on its way out: nobody runs now.
  }
  const child = spawnControlPlane(paths);
  const access = await waitWhile(async () => child.exitCode === null && child.signalCode === null);
  if (access) return access;
  const failure = takeStartFailure(paths, child.pid);
  if (failure) throw new SetupError("not-started", failure);
  const end = child.signalCode ?? (child.exitCode === null ? undefined : `code ${child.exitCode}`);
  throw notStarted(paths, end ? `it ended with ${end}` : `it was not ready after ${READY_WITHIN_SECONDS} s`);
}

function spawnControlPlane(paths: OnveraPaths): ChildProcess {
  const output = openSync(controlPlaneLog(paths), "a", 0o600);
  setAsideWhenLarge(controlPlaneLog(paths), output, ownLogLimits);
  const child = spawn(process.execPath, [distFile("cli.js"), "start"], {
    detached: true,
    stdio: ["ignore", output, output],
    cwd: paths.home,
    env: { ...process.env, ONVERA_BACKGROUND: "1" },
  });
  closeSync(output);
  child.unref();
  return child;
}

/** The control plane's address once it answers; undefined when it is gone, or the time is over. */
async function waitWhile(isHere: () => Promise<boolean>): Promise<LocalAccess | undefined> {
  const deadline = Date.now() + READY_WITHIN_SECONDS * 1000;
  while (Date.now() < deadline && (await isHere())) {
    const access = await readyAccess();
    if (access) return access;
    await wait(100);
  }
  return undefined;
}

const notStarted = (paths: OnveraPaths, why: string) =>
  new SetupError("not-started", {
    what: "The control plane did not start",
    why: `${why}. It said last:\n${lastLines(controlPlaneLog(paths), 5)}`,
    nextStep: "Run 'onvera doctor', mend what it names, then run the command again.",
  });

/** Whether the service answers and its database with it. */
export async function isReady(apiUrl: string): Promise<boolean> {
  try {
    const answer = await fetch(`${apiUrl}/readyz`, { signal: AbortSignal.timeout(2000) });
    return answer.ok;
  } catch {
    return false;
  }
}

function lastLines(file: string, count: number): string {
  try {
    const lines = readFileSync(file, "utf8").trimEnd().split("\n").slice(-count);
    return lines.map((line) => line.slice(0, LONGEST_LINE)).join("\n");
  } catch {
    return "(no log was written)";
  }
}

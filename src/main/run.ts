/** `onvera start`, `onvera server`, `onvera worker`: the long-running processes. They end on SIGTERM or Ctrl+C, draining first. */
import path from "node:path";
import { withLock } from "../local/lock-file.ts";
import { keepOwnLogSmall } from "../local/own-log.ts";
import { resolvePaths } from "../local/paths.ts";
import { controlPlaneLog } from "./background.ts";
import { welcome, welcomeNode } from "./first-run.ts";
import { openInstallation } from "./installation.ts";
import { keepDatabase } from "./keep-database.ts";
import { createLog, type Log } from "./log.ts";
import { openNode } from "./node-services.ts";
import { type RunRecord, removeRunRecord, runningControlPlane, writeRunRecord } from "./run-record.ts";
import { startServerServices } from "./server-services.ts";
import { settleRestore } from "./settle-restore.ts";
import { setUp, type Toolchain } from "./setup.ts";
import { recordStartFailure } from "./start-failure.ts";
import type { Verb, VerbIo } from "./verb.ts";
import { version } from "./version.ts";
import { startWorkerServices } from "./worker-services.ts";

/** Operations that do not end within this time are handed to the next worker. */
const DRAIN_SECONDS = 20;

/** After a failed start, what does not close by itself has this long. */
const LAST_MILLISECONDS = 5000;

/** Everything in one process tree, on this machine. */
export const runStart: Verb = (options, io) => run({ server: true, worker: true, record: true }, options, io);

/** The HTTP API alone; as many as you like against one database. */
export const runServer: Verb = (options, io) => run({ server: true, worker: false, record: false }, options, io);

/** A worker alone; as many as you like against one database. */
export const runWorker: Verb = (options, io) => run({ server: false, worker: true, record: false }, options, io);

interface Roles {
  server: boolean;
  worker: boolean;
  /** Whether this process is the machine's control plane, which `status`, `stop` and the CLI look for. */
  record: boolean;
}

async function run(roles: Roles, _options: Parameters<Verb>[0], io: VerbIo): Promise<number> {
  const end = untilAskedToEnd(io.signal);
  const log = createLog();
  const opened: Opened = [];
  try {
    const running = await start(roles, io, log, opened);
    if (running !== undefined) {
      io.out(`The control plane runs already at ${running.apiUrl} (process ${running.pid}).\n`);
      return 0;
    }
  } catch (error) {
    if (roles.record) recordStartFailure(resolvePaths(), error);
    // What half started must not keep the process, nor whoever waits for it.
    setTimeout(() => process.exit(1), LAST_MILLISECONDS).unref();
    await closeAll(opened).catch(() => undefined);
    throw error;
  }
  await end;
  log.info({}, "Asked to end: draining");
  await closeAll(opened);
  return 0;
}

/** How each part is closed, in the order in which the parts were opened. */
type Opened = (() => Promise<unknown>)[];

async function closeAll(opened: Opened): Promise<void> {
  for (let close = opened.pop(); close !== undefined; close = opened.pop()) await close();
}

/**
 * Starts what the roles ask for; `opened` says how to close it again, also after a failure half-way.
 * @returns the control plane that runs already, where this was to be the machine's
 */
async function start(roles: Roles, io: VerbIo, log: Log, opened: Opened): Promise<RunRecord | undefined> {
  const toolchain = await setUp(io.progress, io.signal);
  const { paths } = toolchain;
  if (!roles.record) return startParts(roles, io, log, opened, toolchain);
  // Two starts at once: the second waits until the first runs or has failed, then sees which.
  return withLock(path.join(paths.run, "control-plane.lock"), { signal: io.signal }, async () => {
    return (await runningControlPlane(paths)) ?? (await startParts(roles, io, log, opened, toolchain));
  });
}

async function startParts(
  roles: Roles,
  io: VerbIo,
  log: Log,
  opened: Opened,
  toolchain: Toolchain,
): Promise<undefined> {
  keepOwnLogSmall(controlPlaneLog(toolchain.paths));
  const installation = await openInstallation(io.progress, io.signal);
  opened.push(() => installation.close());
  if (roles.record) opened.push(() => removeRunRecord(installation.paths));
  const database = keepDatabase(installation, log);
  // Before the record goes: 'onvera stop' stops the database as soon as it sees this process leave.
  opened.push(() => database.stop());
  const supervisor = await openNode(installation, io.progress, (message) => log.warn({}, message));
  await settleRestore(installation, log);
  await (roles.server ? welcome(installation) : welcomeNode(installation));
  // The door before the work: a port that is taken must be known before a worker takes an operation.
  const server = roles.server ? await startServerServices(installation, supervisor, log) : undefined;
  if (server) opened.push(() => server.stop());
  const worker = roles.worker ? await startWorkerServices(installation, toolchain, supervisor, log) : undefined;
  // Below the server: requests are refused first, then the worker lets its operations end.
  if (worker) opened.splice(server ? -1 : opened.length, 0, () => worker.drain(DRAIN_SECONDS));
  if (roles.record && server) await writeRunRecord(installation.paths, { apiUrl: server.apiUrl, version });
  if (server) io.err(`The API answers at ${server.apiUrl}; its documentation is at ${server.apiUrl}/docs.\n`);
  if (roles.worker) io.err("The worker takes operations. Ctrl+C ends this process; deployments keep running.\n");
}

function untilAskedToEnd(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve());
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** `onvera start`, `onvera server`, `onvera worker`: the long-running processes. They end on SIGTERM or Ctrl+C, draining first. */

import { welcome } from "./first-run.ts";
import { openInstallation } from "./installation.ts";
import { keepDatabase } from "./keep-database.ts";
import { createLog } from "./log.ts";
import { openNode } from "./node-services.ts";
import { removeRunRecord, runningControlPlane, writeRunRecord } from "./run-record.ts";
import { startServerServices } from "./server-services.ts";
import { setUp } from "./setup.ts";
import type { Verb, VerbIo } from "./verb.ts";
import { version } from "./version.ts";
import { startWorkerServices } from "./worker-services.ts";

/** Operations that do not end within this time are handed to the next worker. */
const DRAIN_SECONDS = 20;

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
  const toolchain = await setUp(io.progress, io.signal);
  const running = await runningControlPlane(toolchain.paths);
  if (roles.record && running) {
    io.out(`The control plane runs already at ${running.apiUrl} (process ${running.pid}).\n`);
    return 0;
  }
  const log = createLog();
  const installation = await openInstallation(io.progress, io.signal);
  const database = keepDatabase(installation, log);
  const supervisor = await openNode(installation, io.progress, (message) => log.warn({}, message));
  await welcome(installation);
  const worker = roles.worker ? await startWorkerServices(installation, toolchain, supervisor, log) : undefined;
  const server = roles.server ? await startServerServices(installation, supervisor, log) : undefined;
  if (roles.record && server) await writeRunRecord(installation.paths, { apiUrl: server.apiUrl, version });
  if (server) io.err(`The API answers at ${server.apiUrl}; its documentation is at ${server.apiUrl}/docs.\n`);
  if (roles.worker) io.err("The worker takes operations. Ctrl+C ends this process; deployments keep running.\n");

  await end;
  log.info({}, "Asked to end: draining");
  await server?.stop();
  await worker?.drain(DRAIN_SECONDS);
  // Before the record goes: 'onvera stop' stops the database as soon as it sees this process leave.
  await database.stop();
  if (roles.record) await removeRunRecord(installation.paths);
  await installation.close();
  return 0;
}

function untilAskedToEnd(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve());
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Where the supervisor keeps its things below the installation's home folder. */
import path from "node:path";
import { currentProcess, resolvePaths } from "../paths.ts";

export interface SupervisorPaths {
  home: string;
  /** Closed to everybody but the supervisor's own user. */
  root: string;
  /** The folder of the socket, closed likewise: who can reach the socket may do everything. */
  socketFolder: string;
  socket: string;
  lock: string;
  config: string;
  /** The supervisor process's own output. */
  ownLog: string;
  /** One JSON file per deployment: what is wanted of it. */
  deployments: string;
  /** One JSON file per running process: how to find it again. */
  runs: string;
  /** Raw output files that the running processes hold open. */
  spool: string;
  /** Numbered lines, made from the raw output. */
  logs: string;
  routes: string;
  uids: string;
  certificates: string;
  /** Opens what is sealed in revision files and deployment records; alone in its folder. */
  sealingKey: string;
  /** Written by the worker, read by the supervisor. */
  revisions: string;
  /** The deployments' own folders, each owned by its uid. */
  apps: string;
}

/** All paths, computed from the home folder; nothing is created. */
export function supervisorPaths(home: string): SupervisorPaths {
  const root = path.join(home, "supervisor");
  const socketFolder = path.join(runFolder(home), "supervisor");
  return {
    home,
    root,
    socketFolder,
    socket: path.join(socketFolder, "supervisor.sock"),
    lock: path.join(root, "supervisor.lock"),
    config: path.join(root, "config.json"),
    ownLog: path.join(root, "supervisor.log"),
    deployments: path.join(root, "deployments"),
    runs: path.join(root, "runs"),
    spool: path.join(root, "spool"),
    logs: path.join(root, "logs"),
    routes: path.join(root, "routes.json"),
    uids: path.join(root, "uids.json"),
    certificates: path.join(root, "certificates"),
    sealingKey: path.join(root, "keys", "files.json"),
    revisions: path.join(home, "revisions"),
    apps: path.join(home, "deployments"),
  };
}

/** Where sockets of this home go: a home with a long name has a short folder elsewhere. */
function runFolder(home: string): string {
  const own = currentProcess();
  return resolvePaths({ ...own, environment: { ...own.environment, ONVERA_HOME: home, ONVERA_CACHE: home } }).run;
}

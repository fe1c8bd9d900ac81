/**
 * A deployment's own folders. What the supervisor writes into (config, secrets) belongs to the supervisor and is only
 * readable for the deployment: a tenant that could swap a file there for a link would make root write elsewhere.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

export interface Owner {
  uid: number;
  gid: number;
}

export interface DeploymentFolders {
  home: string;
  config: string;
  secrets: string;
  data: string;
  logs: string;
  run: string;
  /** Holds one folder for temporary files per running process. */
  temporary: string;
  overlay: string;
}

const isRoot = process.getuid?.() === 0;

/** The folders of a deployment whose home is given; nothing is created. */
export function deploymentFolders(home: string): DeploymentFolders {
  const below = (name: string): string => path.join(home, name);
  return {
    home,
    config: below("config"),
    secrets: below("secrets"),
    data: below("data"),
    logs: below("logs"),
    run: below("run"),
    temporary: below("tmp"),
    overlay: below("overlay"),
  };
}

/** Makes them, or mends their owner and mode. */
export function makeDeploymentFolders(folders: DeploymentFolders, owner: Owner): void {
  for (const folder of [folders.home, folders.config, folders.secrets, folders.temporary]) {
    makeFolder(folder, 0o750, owner, "supervisor");
  }
  for (const folder of [folders.data, folders.logs, folders.run]) makeFolder(folder, 0o700, owner, "deployment");
}

/** Removes everything below the deployment's home; absent is fine. Its processes must be gone. */
export function removeDeploymentFolders(folders: DeploymentFolders): void {
  rmSync(folders.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** A folder for the temporary files of one running process; it goes when the process goes. */
export function makeTemporaryFolder(folders: DeploymentFolders, runId: string, owner: Owner): string {
  const folder = path.join(folders.temporary, runId);
  makeFolder(folder, 0o700, owner, "deployment");
  return folder;
}

/** Writes a file in a folder of the supervisor's in one step, with the mode and owner it is to have. */
export function placeFile(
  file: string,
  content: string,
  access: { mode: number; owner: Owner; by: "supervisor" | "deployment" },
): void {
  const temporary = path.join(path.dirname(file), `.${randomBytes(6).toString("hex")}`);
  try {
    writeFileSync(temporary, content, { mode: 0o600, flag: "wx" });
    giveTo(temporary, access.owner, access.by);
    chmodSync(temporary, access.mode);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Makes a folder with mode and owner. `by` says who may write into it. */
export function makeFolder(folder: string, mode: number, owner: Owner, by: "supervisor" | "deployment"): void {
  mkdirSync(folder, { recursive: true, mode });
  giveTo(folder, owner, by);
  chmodSync(folder, mode);
}

function giveTo(target: string, owner: Owner, by: "supervisor" | "deployment"): void {
  if (!isRoot) return;
  chownSync(target, by === "deployment" ? owner.uid : 0, owner.gid);
}

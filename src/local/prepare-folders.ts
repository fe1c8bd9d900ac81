/** Makes the folders of this installation with the modes that keep others out and let the deployments' uids through. */
import { chmod, lstat, mkdir } from "node:fs/promises";
import path from "node:path";
import { SetupError, systemErrorCode } from "../domain/setup-error.ts";
import type { OnveraPaths } from "./paths.ts";

/**
 * Creates what is missing; repeating it is cheap.
 * @throws SetupError `folder-unusable` or `disk-full`, naming the folder
 */
export async function prepareFolders(paths: OnveraPaths): Promise<void> {
  const pass = paths.isRoot ? 0o711 : 0o700;
  const read = paths.isRoot ? 0o755 : 0o700;
  const folders: [string, number][] = [
    [paths.home, pass],
    [paths.cache, read],
    [paths.run, pass],
    [paths.secrets, 0o700],
    [paths.logs, 0o700],
    [paths.revisions, 0o700],
    [paths.deployments, pass],
    [paths.operations, 0o700],
    [paths.backups, 0o700],
    [paths.toolchain, read],
    [paths.pulumiPlugins, read],
    [paths.postgresBinaries, read],
    [paths.venvs, read],
    [paths.goCache, 0o700],
    [paths.uvCache, 0o700],
  ];
  for (const [folder, mode] of folders) await ownFolder(folder, mode);
}

/**
 * Makes one folder, ours and with exactly this mode.
 * @throws SetupError when it is a link, belongs to somebody else or cannot be made: a folder under /tmp may have been put there by another user
 */
export async function ownFolder(folder: string, mode: number): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode });
    const found = await lstat(folder);
    if (!found.isDirectory()) throw unusable(folder, "it is not a folder.");
    const uid = process.geteuid?.();
    if (uid !== undefined && found.uid !== uid)
      throw unusable(folder, `it belongs to uid ${found.uid}, and this process runs as uid ${uid}.`);
    if ((found.mode & 0o7777) !== mode) await chmod(folder, mode);
  } catch (error) {
    if (error instanceof SetupError) throw error;
    if (isDiskFull(error)) throw diskFull(folder, error);
    throw unusable(folder, error instanceof Error ? `${error.message}.` : String(error), error);
  }
}

/**
 * Runs `work`, which writes below `folder`; a full disk or an exhausted quota becomes an error people can act on.
 * @throws SetupError `disk-full`; everything else `work` throws as it is
 */
export async function tellingDiskFull<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isDiskFull(error)) throw diskFull(folder, error);
    throw error;
  }
}

/** The error for a full disk, with the folder that was being written. */
export function diskFull(folder: string, cause?: unknown): SetupError {
  return new SetupError("disk-full", {
    what: `No space is left for ${folder}`,
    why: "the disk that holds it is full.",
    nextStep: `Free some space (df -h ${path.dirname(folder)}), then run the command again: it goes on where it stopped.`,
    cause,
  });
}

const isDiskFull = (error: unknown) => ["ENOSPC", "EDQUOT"].includes(systemErrorCode(error) ?? "");

function unusable(folder: string, why: string, cause?: unknown): SetupError {
  return new SetupError("folder-unusable", {
    what: `The folder ${folder} cannot be used`,
    why,
    nextStep: "Give it to the user who runs Onvera, or choose other folders with ONVERA_HOME and ONVERA_CACHE.",
    cause,
  });
}

/** Walks folders that are being worked in, for a backup: what comes or goes meanwhile is no error. */
import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open, readdir, readlink } from "node:fs/promises";
import path from "node:path";
import { systemErrorCode } from "../../domain/setup-error.ts";

/** One thing to put into a backup, under the name it has in there. */
export type Source =
  | { kind: "folder"; path: string; stats: Stats }
  | { kind: "file"; path: string; stats: Stats; from: string }
  | { kind: "link"; path: string; stats: Stats; target: string }
  /** Content that stands in no file. */
  | { kind: "text"; path: string; text: string; uid: number; gid: number };

export interface WalkOptions {
  /** The folder to walk. */
  from: string;
  /** The name its content gets in the backup. */
  as: string;
  /** Whether to leave this out, folder or file. @param below path below `from`, with slashes */
  leavesOut(below: string): boolean;
}

/**
 * Everything below a folder, each folder before what is in it. Sockets, pipes and devices are left out. Below a folder
 * of another user only what is that user's too is taken: a deployment could swap a folder for a link to somebody else's.
 */
export async function* walk({ from, as, leavesOut }: WalkOptions): AsyncGenerator<Source, void, void> {
  const own = process.geteuid?.() ?? 0;
  async function* inside(below: string, owner: number): AsyncGenerator<Source, void, void> {
    for (const name of (await vanished(readdir(path.join(from, below)))) ?? []) {
      const at = below === "" ? name : `${below}/${name}`;
      if (leavesOut(at)) continue;
      const place = path.join(from, at);
      const stats = await vanished(lstat(place));
      if (stats === undefined || (owner !== own && stats.uid !== owner)) continue;
      const found = { path: `${as}/${at}`, stats };
      if (stats.isDirectory()) {
        yield { kind: "folder", ...found };
        yield* inside(at, stats.uid);
      } else if (stats.isFile()) {
        yield { kind: "file", ...found, from: place };
      } else if (stats.isSymbolicLink()) {
        const target = await vanished(readlink(place));
        if (target !== undefined) yield { kind: "link", ...found, target };
      }
    }
  }
  yield* inside("", (await lstat(from)).uid);
}

/** Opens a file that was found; undefined when it is gone, or has become something else. The caller closes it. */
export async function openFound(from: string, { uid }: Stats): Promise<FileHandle | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const handle = await vanished(open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  if (handle === undefined) return undefined;
  const now = await handle.stat();
  if (now.isFile() && now.uid === uid) return handle;
  await handle.close();
  return undefined;
}

async function vanished<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP", "ENXIO"].includes(systemErrorCode(error) ?? "")) return undefined;
    throw error;
  }
}

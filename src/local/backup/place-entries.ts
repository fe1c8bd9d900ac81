/** Puts a backup's entries into a folder of its own and checks every one of them. */
import { createHash } from "node:crypto";
import { chmod, lchown, mkdir, open, symlink } from "node:fs/promises";
import path from "node:path";
import type { ByteReader } from "./byte-reader.ts";
import { type About, type EntryHead, type Listed, readHead, readPiece } from "./entries.ts";
import { damaged } from "./errors.ts";

const isRoot = process.geteuid?.() === 0;

interface Owned {
  uid: number;
  gid: number;
}

export interface Placing {
  /**
   * Where an entry goes, and whose it becomes where this process may give it away; asked for each, after `begin`.
   * @param entry its path in the backup, and whose it was
   * @returns `flush`: whether the file must be on the disk before anything goes on
   */
  target(entry: Owned & { path: string }): Owned & { file: string; flush: boolean };
  /** Told of what the backup is before anything is written. @throws what makes it unfit here */
  begin(about: About): Promise<void>;
  onBytes?(bytes: number): void;
}

type Placed = Extract<EntryHead, { path: string }>;

/**
 * Reads a backup to its end and writes what it holds; nothing that is there is touched.
 * @returns what the backup is, and how much was placed
 * @throws SetupError `backup-unreadable`; what was written until then is the caller's to remove
 */
export async function placeEntries(
  reader: ByteReader,
  placing: Placing,
): Promise<{ about: About; files: number; bytes: number }> {
  const first = await readHead(reader);
  if (first.kind !== "begin") throw damaged("it does not say what it is");
  await placing.begin(first.about);
  const placed: Listed[] = [];
  let bytes = 0;
  for (let head = await readHead(reader); ; head = await readHead(reader)) {
    if (head.kind === "begin") throw damaged("it begins twice");
    if (head.kind === "end") {
      checkList(head.files, placed);
      // Reading on makes sure that nothing stands behind the end.
      if ((await reader.take(1)) !== undefined) throw damaged("something stands behind its end");
      return { about: first.about, files: placed.length, bytes };
    }
    checkName(head);
    const { file, uid, gid, flush } = placing.target(head);
    if (head.kind === "folder") {
      await mkdir(file, { mode: head.mode | 0o700, recursive: true });
      await chmod(file, head.mode | 0o700);
    } else if (head.kind === "link") {
      await symlink(head.target, file);
    } else {
      const listed = await placeFile(reader, file, { ...head, flush });
      placed.push(listed);
      bytes += listed.size;
      placing.onBytes?.(bytes);
    }
    if (isRoot) await lchown(file, uid, gid);
  }
}

async function placeFile(
  reader: ByteReader,
  file: string,
  head: Placed & { kind: "file"; flush: boolean },
): Promise<Listed> {
  const hash = createHash("sha256");
  let size = 0;
  const handle = await open(file, "wx", head.mode);
  try {
    for (let piece = await readPiece(reader); piece.length > 0; piece = await readPiece(reader)) {
      hash.update(piece);
      size += piece.length;
      await handle.writeFile(piece);
    }
    await handle.chmod(head.mode);
    if (head.flush) await handle.sync();
  } finally {
    await handle.close();
  }
  return { path: head.path, size, sha256: hash.digest("hex") };
}

function checkName({ path: name }: Placed): void {
  const isInside = path.posix.normalize(name) === name && !path.posix.isAbsolute(name) && !name.startsWith("..");
  if (!isInside) throw damaged("it holds an entry with a path that leads out of it");
}

function checkList(listed: readonly Listed[], placed: readonly Listed[]): void {
  const isSame = listed.length === placed.length && listed.every((file, at) => sameFile(file, placed[at]));
  if (!isSame) throw damaged("what it holds is not what it lists");
}

const sameFile = (one: Listed, other: Listed | undefined): boolean =>
  one.path === other?.path && one.size === other.size && one.sha256 === other.sha256;

/** Writes a backup: sources in, one sealed file out, whole or not at all. */
import { createHash, randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGzip } from "node:zlib";
import { SetupError } from "../../domain/setup-error.ts";
import { tellingDiskFull } from "../prepare-folders.ts";
import { type About, encodeHead, encodePiece, type Listed } from "./entries.ts";
import { sealStream } from "./sealed-stream.ts";
import { openFound, type Source } from "./sources.ts";

const PIECE_BYTES = 1024 * 1024;

export interface BackupRequest {
  /** The file to make; it must not be there yet. */
  to: string;
  passphrase: string;
  about: About;
  sources: AsyncIterable<Source>;
  /** Told now and then how many bytes went in. */
  onBytes?(bytes: number): void;
  signal?: AbortSignal;
}

export interface BackupResult {
  /** Size of the file. */
  bytes: number;
  files: number;
  /** Size of what is in it. */
  contentBytes: number;
}

/**
 * Makes the backup.
 * @throws SetupError `disk-full`, or `backup-exists` when the file is there already
 */
export async function writeBackup(request: BackupRequest): Promise<BackupResult> {
  const { to, passphrase, signal } = request;
  await mkdir(path.dirname(to), { recursive: true, mode: 0o700 });
  await refuseExisting(to);
  const draft = `${to}.${randomBytes(6).toString("hex")}.partial`;
  const total = { files: 0, contentBytes: 0 };
  try {
    await tellingDiskFull(draft, async () => {
      const gzip = createGzip({ level: constants.Z_BEST_SPEED });
      const content = Readable.from(encode(request, total), { objectMode: false });
      const sealed = (pieces: AsyncIterable<Buffer>) => sealStream(pieces, passphrase);
      const file = createWriteStream(draft, { flags: "wx", mode: 0o600, flush: true });
      await pipeline(content, gzip, sealed, file, signal ? { signal } : {});
      await rename(draft, to);
      const folder = await open(path.dirname(to), "r");
      await folder.sync().finally(() => folder.close());
    });
  } finally {
    await rm(draft, { force: true });
  }
  return { bytes: (await stat(to)).size, ...total };
}

async function refuseExisting(to: string): Promise<void> {
  const isThere = await stat(to).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  throw new SetupError("backup-exists", {
    what: "The backup was not made",
    why: `${to} is there already.`,
    nextStep: "Name another file with --to, or move that one away.",
  });
}

async function* encode(
  { about, sources, onBytes }: BackupRequest,
  total: { files: number; contentBytes: number },
): AsyncGenerator<Buffer, void, void> {
  const files: Listed[] = [];
  yield encodeHead({ kind: "begin", about });
  for await (const source of sources) {
    const { path: name } = source;
    if (source.kind === "folder" || source.kind === "link") {
      const { uid, gid, mode } = source.stats;
      const placed = { path: name, uid, gid };
      yield encodeHead(
        source.kind === "folder"
          ? { kind: "folder", ...placed, mode: mode & 0o7777 }
          : { kind: "link", ...placed, target: source.target },
      );
      continue;
    }
    const handle = source.kind === "file" ? await openFound(source.from, source.stats) : undefined;
    if (source.kind === "file" && handle === undefined) continue;
    const { uid, gid, mode } = source.kind === "file" ? source.stats : { ...source, mode: 0o600 };
    yield encodeHead({ kind: "file", path: name, uid, gid, mode: mode & 0o7777 });
    const hash = createHash("sha256");
    let size = 0;
    const pieces = source.kind === "text" ? [Buffer.from(source.text)] : handle ? read(handle) : [];
    try {
      for await (const piece of pieces) {
        hash.update(piece);
        size += piece.length;
        yield encodePiece(piece);
      }
    } finally {
      await handle?.close();
    }
    yield encodePiece(Buffer.alloc(0));
    files.push({ path: name, size, sha256: hash.digest("hex") });
    total.files += 1;
    total.contentBytes += size;
    onBytes?.(total.contentBytes);
  }
  yield encodeHead({ kind: "end", files });
}

/** As much as the file held when it was begun: one that is written to must not keep a backup from ending. */
async function* read(handle: Awaited<ReturnType<typeof open>>): AsyncGenerator<Buffer, void, void> {
  let left = (await handle.stat()).size;
  while (left > 0) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(left, PIECE_BYTES)), 0);
    if (bytesRead === 0) return;
    left -= bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

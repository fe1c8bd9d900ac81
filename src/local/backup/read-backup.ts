/** Brings a backup back: into a folder beside the wanted home, and there only when every byte of it was right. */
import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, chmod, chown, constants, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { SetupError, systemErrorCode } from "../../domain/setup-error.ts";
import { withLock } from "../lock-file.ts";
import { serverUser } from "../postgres/server-user.ts";
import { tellingDiskFull } from "../prepare-folders.ts";
import { ByteReader } from "./byte-reader.ts";
import type { About } from "./entries.ts";
import { damaged } from "./errors.ts";
import { DATABASE, HOME } from "./home-files.ts";
import { placeEntries } from "./place-entries.ts";
import { movedUid } from "./restored-records.ts";
import { openStream } from "./sealed-stream.ts";

export interface RestoreRequest {
  from: string;
  passphrase: string;
  /** Where the installation is to be; must not exist, or be empty. */
  home: string;
  /** @throws what makes the backup unfit for this machine */
  check(about: About): Promise<void> | void;
  /** Changes what must be different here, in the folder that becomes the home. */
  adapt(draft: string, about: About): Promise<void>;
  onBytes?(bytes: number): void;
}

export interface RestoreResult {
  about: About;
  files: number;
  bytes: number;
}

/**
 * Restores. A kill at any moment leaves the home as it was, or whole; the next restore clears what was left beside it.
 * @throws SetupError `home-taken`, `backup-unreadable`, `disk-full`, or what `check` throws
 */
export async function readBackup(request: RestoreRequest): Promise<RestoreResult> {
  const { from, home, adapt } = request;
  await access(from, constants.R_OK).catch((cause: unknown) => {
    throw new SetupError("backup-unreadable", {
      what: `The backup ${from} cannot be read`,
      why: systemErrorCode(cause) === "EACCES" ? "it belongs to another user." : "there is no such file.",
      nextStep: "Name the file that 'onvera backup' made.",
      cause,
    });
  });
  const parent = path.dirname(home);
  await mkdir(parent, { recursive: true, mode: 0o755 });
  return withLock(path.join(parent, `.${path.basename(home)}.restore.lock`), {}, async () => {
    await refuseTaken(home);
    const prefix = `.${path.basename(home)}.restore-`;
    for (const name of await readdir(parent)) {
      if (name.startsWith(prefix) && !name.endsWith(".lock")) await rm(path.join(parent, name), { recursive: true });
    }
    const draft = path.join(parent, prefix + randomUUID());
    try {
      return await tellingDiskFull(home, async () => {
        // Closed to everybody while it is no installation yet.
        await mkdir(draft, { mode: 0o700 });
        const result = await place(request, draft);
        await adapt(draft, result.about);
        await chmod(draft, process.geteuid?.() === 0 ? 0o711 : 0o700);
        await moveInto(draft, home);
        return result;
      });
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  });
}

async function place(
  { from, home, passphrase, check, onBytes }: RestoreRequest,
  draft: string,
): Promise<RestoreResult> {
  const data = path.join(draft, "postgres", "data");
  const user = await serverUser(data);
  const server = user.isOther ? user : undefined;
  let moved = (id: number): number => id;
  const file = createReadStream(from, { highWaterMark: 1024 * 1024 });
  try {
    // Errors of the file and of its seal come out of the last stream of the chain.
    const content = pipeline(
      file,
      (sealed: AsyncIterable<Buffer>) => openStream(sealed, passphrase),
      createGunzip(),
      () => undefined,
    );
    return await placeEntries(new ByteReader(content), {
      async begin(about) {
        await check(about);
        moved = movedUid(about.home, home);
        if (about.postgres_major === null) return;
        await mkdir(path.dirname(data), { mode: server ? 0o711 : 0o700 });
        await mkdir(data, { mode: 0o700 });
        if (server) await chown(data, server.uid, server.gid);
      },
      target({ path: name, uid, gid }) {
        const [top, ...below] = name.split("/");
        // The server flushes its folder by itself before it recovers; thousands of files would take a minute here.
        if (top === DATABASE) {
          return { file: path.join(data, ...below), uid: user.uid, gid: user.gid, flush: false };
        }
        if (top === HOME) return { file: path.join(draft, ...below), uid: moved(uid), gid: moved(gid), flush: true };
        throw damaged("it holds a part that this version does not know");
      },
      ...(onBytes && { onBytes }),
    });
  } catch (error) {
    if (systemErrorCode(error)?.startsWith("Z_")) throw damaged("its content does not unpack", error);
    throw error;
  } finally {
    file.destroy();
  }
}

async function refuseTaken(home: string): Promise<void> {
  const found = await readdir(home).catch((error: unknown) => {
    if (systemErrorCode(error) === "ENOENT") return [];
    throw error;
  });
  if (found.length > 0) throw taken(home, "there is something in it already");
}

/** One rename, so that there is no moment with half an installation; an empty folder in the way is replaced by it. */
async function moveInto(draft: string, home: string): Promise<void> {
  try {
    await rename(draft, home);
  } catch (error) {
    const code = systemErrorCode(error) ?? "";
    if (["ENOTEMPTY", "EEXIST"].includes(code)) throw taken(home, "something was put there meanwhile");
    if (["EBUSY", "EXDEV"].includes(code)) throw taken(home, "it is a disk of its own; take a folder on it");
    throw error;
  }
  const parent = await open(path.dirname(home), "r");
  await parent.sync().finally(() => parent.close());
}

const taken = (home: string, why: string) =>
  new SetupError("home-taken", {
    what: `Nothing was restored to ${home}`,
    why: `${why}.`,
    nextStep: "Name another folder with --home, or move away what is there.",
  });

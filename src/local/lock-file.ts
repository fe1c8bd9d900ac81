/** A lock between processes that a dead holder does not keep: the file says who holds it, down to the process's start time. */
import { createHash, randomUUID } from "node:crypto";
import { link, readdir, readFile, rm, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { SetupError, systemErrorCode } from "../domain/setup-error.ts";
import { processIdentity } from "./process-identity.ts";

const Holder = z.object({ pid: z.number().int(), identity: z.string(), token: z.string() });
type Holder = z.infer<typeof Holder>;

/** What tells one asker's draft from another's (randomUUID). */
const TOKEN = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface LockOptions {
  signal?: AbortSignal;
  /** Called once when somebody else holds the lock. */
  onWait?: (holderPid: number) => void;
}

/**
 * Runs `work` while this process alone holds the lock at `file`, waiting for as long as its holder lives.
 * @returns what `work` returns
 * @throws SetupError `canceled` when the signal aborts while waiting; whatever `work` throws
 */
export async function withLock<T>(file: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const release = await acquire(file, options);
  try {
    await removeDrafts(file);
    return await work();
  } finally {
    await release();
  }
}

async function acquire(file: string, { signal, onWait }: LockOptions): Promise<() => Promise<void>> {
  const mine = await ownHolder();
  for (let told = false; ; ) {
    if (await claim(file, mine)) return () => releaseOwn(file, mine);
    const found = await readHolder(file);
    if (found === undefined) continue;
    if (!(await isAlive(found.holder))) {
      await removeStale(file, found.text);
      continue;
    }
    if (!told) onWait?.(found.holder?.pid ?? 0);
    told = true;
    await wait(100, undefined, { signal }).catch((cause: unknown) => {
      throw new SetupError("canceled", {
        what: "Waiting was given up",
        why: `process ${found.holder?.pid} still holds ${file}.`,
        nextStep: "Run the command again once that process has ended.",
        cause,
      });
    });
  }
}

/** Linking a finished file in is atomic: no reader ever sees a lock without its holder. Undone where a new holder took the draft for a leftover. */
async function claim(file: string, mine: Holder): Promise<boolean> {
  const draft = `${file}.${mine.token}`;
  await writeFile(draft, JSON.stringify(mine), { mode: 0o600 });
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (["EEXIST", "ENOENT"].includes(systemErrorCode(error) ?? "")) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Removes what processes left that were killed while they asked for the lock. One that is still asking asks again. */
async function removeDrafts(file: string): Promise<void> {
  const folder = path.dirname(file);
  const beginning = `${path.basename(file)}.`;
  const isDraft = (name: string) => name.startsWith(beginning) && TOKEN.test(name.slice(beginning.length));
  const left = (await readdir(folder)).filter(isDraft);
  await Promise.all(left.map((name) => rm(path.join(folder, name), { force: true })));
}

/**
 * Removes a dead holder's lock. Only the holder of the lock named after this very text may do it, so that a slow
 * remover never takes away the lock of the next holder.
 */
async function removeStale(file: string, staleText: string): Promise<void> {
  const key = createHash("sha256").update(staleText).digest("hex").slice(0, 8);
  await withLock(`${file}.stale-${key}`, {}, async () => {
    const now = await readHolder(file);
    if (now?.text === staleText) await unlink(file);
  });
}

async function releaseOwn(file: string, mine: Holder): Promise<void> {
  const found = await readHolder(file);
  if (found?.holder?.token === mine.token) await rm(file, { force: true });
}

async function readHolder(file: string): Promise<{ text: string; holder: Holder | undefined } | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    return { text, holder: Holder.parse(JSON.parse(text)) };
  } catch {
    // A power cut can leave an empty file behind; nobody holds that.
    return { text, holder: undefined };
  }
}

async function isAlive(holder: Holder | undefined): Promise<boolean> {
  return holder !== undefined && (await processIdentity(holder.pid)) === holder.identity;
}

async function ownHolder(): Promise<Holder> {
  const identity = (await processIdentity(process.pid)) ?? "unknown";
  return { pid: process.pid, identity, token: randomUUID() };
}

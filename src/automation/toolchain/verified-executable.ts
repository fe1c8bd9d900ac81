/** A program in the cache, with the hash it had when it was put there: put in whole or not at all, and looked at before each use. */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { SetupError } from "../../domain/setup-error.ts";

export const Manifest = z.object({
  version: z.string(),
  origin: z.enum(["downloaded", "built"]),
  /** Of the executable. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.number().int(),
  modifiedAtMilliseconds: z.number(),
  /** What it was made of: archive, or go.sum, Go version and flags. */
  madeFrom: z.record(z.string(), z.string()),
});
export type Manifest = z.infer<typeof Manifest>;

const manifestName = "manifest.json";

/**
 * Looks at a program in the cache: size and time of change always, the whole hash when one of them differs.
 * @param folder holds `name` and its manifest
 * @returns undefined when nothing is there
 * @throws SetupError `pulumi-tampered` when the program is not what was put there
 */
export async function verifiedExecutable(folder: string, name: string): Promise<Manifest | undefined> {
  const manifest = await readManifest(folder);
  if (!manifest) return undefined;
  const file = path.join(folder, name);
  const found = await stat(file).catch(() => undefined);
  if (!found) return undefined;
  const uid = process.geteuid?.();
  if (uid !== undefined && found.uid !== uid && found.uid !== 0) throw tampered(file, `it belongs to uid ${found.uid}`);
  if ((found.mode & 0o022) !== 0) throw tampered(file, "others than its owner may write to it");
  const isAsLeft = found.size === manifest.sizeBytes && found.mtimeMs === manifest.modifiedAtMilliseconds;
  if (isAsLeft) return manifest;
  const sha256 = await sha256OfFile(file);
  if (sha256 !== manifest.sha256)
    throw tampered(file, `its SHA-256 is ${sha256}, and it was put there as ${manifest.sha256}`);
  const refreshed = { ...manifest, sizeBytes: found.size, modifiedAtMilliseconds: found.mtimeMs };
  await writeWhole(path.join(folder, manifestName), refreshed);
  return refreshed;
}

/**
 * Puts a program into the cache: `make` fills a draft folder, which takes its place by one rename.
 * @param make gives what the program was made of; the program itself is `<draft>/<name>`
 * @returns the manifest
 * @throws what `make` throws
 */
export async function placeExecutable(
  folder: string,
  name: string,
  make: (draft: string) => Promise<Pick<Manifest, "version" | "origin" | "madeFrom">>,
): Promise<Manifest> {
  const draft = `${folder}.draft-${randomUUID()}`;
  try {
    await mkdir(draft, { recursive: true, mode: 0o755 });
    const made = await make(draft);
    const file = path.join(draft, name);
    await chmod(file, 0o755);
    await flush(file);
    const { size, mtimeMs } = await stat(file);
    const manifest: Manifest = {
      ...made,
      sha256: await sha256OfFile(file),
      sizeBytes: size,
      modifiedAtMilliseconds: mtimeMs,
    };
    await writeWhole(path.join(draft, manifestName), manifest);
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
    return manifest;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** The SHA-256 of a file, in hexadecimal. */
export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

/** Without a flush a power cut after the rename could leave an empty program with a good name. */
async function flush(file: string): Promise<void> {
  const handle = await open(file, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    return Manifest.parse(JSON.parse(await readFile(path.join(folder, manifestName), "utf8")));
  } catch {
    return undefined;
  }
}

async function writeWhole(file: string, manifest: Manifest): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  try {
    await writeFile(draft, `${JSON.stringify(manifest, undefined, 2)}\n`, { mode: 0o644, flush: true });
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

function tampered(file: string, why: string): SetupError {
  return new SetupError("pulumi-tampered", {
    what: `${file} is not run`,
    why: `${why}: it was changed after it had been verified.`,
    nextStep: `Find out who changed it; then remove ${path.dirname(file)} and run onvera setup, which makes it again.`,
  });
}

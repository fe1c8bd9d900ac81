/** The shared, read-only environment of one app version: a virtual environment with the lock and our scripts in it. */
import { mkdir, readdir, readFile, realpath, rename, rm, statfs, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { type Progress, type RunningStep, runStep, silentProgress } from "../../domain/progress.ts";
import { SetupError, systemErrorCode } from "../../domain/setup-error.ts";
import { withLock } from "../lock-file.ts";
import { diskFull } from "../prepare-folders.ts";
import { lockConstraints, type PackageSource, readPackageSource } from "./apps-folder.ts";
import { installerEnvironment } from "./installer-environment.ts";
import { installerFailure } from "./installer-failure.ts";
import type { Owner, PackagePaths } from "./package-paths.ts";
import { findPython, type Python } from "./python.ts";
import { runProgram } from "./run-program.ts";
import { ensureUv } from "./uv.ts";

export interface PackageRequest {
  /** `superset/6.1.0` */
  lock: string;
  appsFolder: string;
  paths: PackagePaths;
  /** Some user the apps may run as, to check that it can; null where they run as ourselves. */
  owner: Owner | null;
  progress?: Progress;
  signal?: AbortSignal;
}

export interface InstalledPackage {
  /** The environment's folder. */
  path: string;
  /** Hash of lock and scripts; the marker of a database and the name of a template carry it. */
  digest: string;
}

/** Written last: an environment without it is half made. */
const STAMP = "onvera-package.json";
const Stamp = z.object({ digest: z.string(), python: z.string() });

/** Bytes an app version needs at most, downloads included. */
const neededBytes = 1_500_000_000;

/**
 * Makes the environment of a lock where it is missing, and answers where it is. Several callers at once make it once.
 * An interrupted one is made again from the downloads that are there.
 * @throws SetupError `package-unknown`, `python-missing`, `python-unfit`, `network`, `disk-full`, `package-tampered`,
 *   `package-failed` or `canceled`
 */
export async function ensurePackage(request: PackageRequest): Promise<InstalledPackage> {
  const { paths, progress = silentProgress, signal } = request;
  const source = await readPackageSource(request.appsFolder, request.lock);
  const found = await installedPackage(paths, source);
  if (found !== undefined) return found;
  const python = await findPython({ owner: request.owner, ...(signal ? { signal } : {}) });
  const folder = path.join(
    paths.venvs,
    `${source.app}-${source.version}-py${python.minor}-${source.digest.slice(0, 12)}`,
  );
  await mkdir(paths.venvs, { recursive: true });
  return await withLock(`${folder}.lock`, signal ? { signal } : {}, async () => {
    const meanwhile = await installedPackage(paths, source);
    if (meanwhile !== undefined) return meanwhile;
    const uv = await ensureUv({ ...request, progress });
    const step = {
      name: `package-${source.app}-${source.version}`,
      message: `Installing ${source.lock}`,
      estimateSeconds: 30,
    };
    await runStep(progress, step, (running) => build(request, source, python, uv, folder, running));
    return { path: folder, digest: source.digest };
  });
}

/** The finished environment of a source, when there is one whose Python still exists. */
export async function installedPackage(
  paths: Pick<PackagePaths, "venvs">,
  source: PackageSource,
): Promise<InstalledPackage | undefined> {
  const suffix = `-${source.digest.slice(0, 12)}`;
  for (const name of await readdir(paths.venvs).catch(() => [])) {
    if (!name.startsWith(`${source.app}-${source.version}-py`) || !name.endsWith(suffix)) continue;
    const folder = path.join(paths.venvs, name);
    const stamp = Stamp.safeParse(await readJson(path.join(folder, STAMP)));
    if (!stamp.success || stamp.data.digest !== source.digest) continue;
    // An upgrade of the system may have taken the Python away that the environment points to.
    if ((await realpath(path.join(folder, "bin", "python")).catch(() => undefined)) === undefined) continue;
    return { path: folder, digest: source.digest };
  }
  return undefined;
}

async function build(
  request: PackageRequest,
  source: PackageSource,
  python: Python,
  uv: string,
  folder: string,
  running: RunningStep,
): Promise<void> {
  await checkSpace(request.paths.venvs);
  // An environment knows its own path, so it is made in place; what an interrupted attempt left goes first.
  await rm(folder, { recursive: true, force: true });
  const interpreter = path.join(folder, "bin", "python");
  const env = installerEnvironment({ UV_CACHE_DIR: request.paths.uvCache });
  const { appsFolder } = request;
  for (const command of environmentCommands({ uv, python: python.path, folder, source, appsFolder }))
    await runShared(command, env, source, folder, request.signal, running);
  await addScripts(source, folder);
  const compile = [interpreter, "-m", "compileall", "-q", path.join(folder, "share")];
  await runShared(compile, env, source, folder, request.signal);
  await checkReadable(interpreter, request.owner, folder);
  const stamp: z.infer<typeof Stamp> = { digest: source.digest, python: python.minor };
  await writeFile(path.join(folder, `${STAMP}.part`), JSON.stringify(stamp), { mode: 0o644 });
  await rename(path.join(folder, `${STAMP}.part`), path.join(folder, STAMP));
}

/** What fills an environment from a lock: one command after the other, each with a mask that lets others read. */
export function environmentCommands({
  uv,
  python,
  folder,
  source,
  appsFolder,
}: {
  uv: string;
  python: string;
  folder: string;
  source: Pick<PackageSource, "lockFile">;
  appsFolder: string;
}): string[][] {
  const install = [
    ...["pip", "install", "--python", path.join(folder, "bin", "python"), "--no-deps", "--require-hashes"],
    ...["--compile-bytecode", "--link-mode", "hardlink"],
    ...["--build-constraints", path.join(appsFolder, "toolchain", "build.lock"), "--requirement", source.lockFile],
  ];
  return [
    [uv, "venv", "--quiet", "--no-project", "--python", python, folder],
    [uv, ...install],
  ];
}

/** Runs one step of a build with a mask that lets the apps' users read what it writes. */
async function runShared(
  command: string[],
  env: Record<string, string>,
  source: PackageSource,
  folder: string,
  signal: AbortSignal | undefined,
  running?: RunningStep,
): Promise<void> {
  const result = await runProgram({
    command: ["/bin/sh", "-c", 'umask 022 && exec "$@"', "sh", ...command],
    env,
    ...(signal ? { signal } : {}),
    ...(running ? { onLine: (line: string) => report(line, running) } : {}),
  });
  if (result.exitCode !== 0) throw installerFailure(source.lock, `${result.stdout}\n${result.stderr}`, folder);
}

/** The list of everything that was installed, which comes at the end, tells nobody how far the step is. */
function report(line: string, running: RunningStep): void {
  if (/^(Resolved|Downloading|Prepared|Building|Installed|Bytecode)/.test(line.trim())) running.update(line.trim());
}

/** Our Python files, what additions must agree with, and the digest that a bootstrap leaves in its database. */
export async function addScripts(source: PackageSource, folder: string): Promise<void> {
  const share = path.join(folder, "share", "onvera");
  await mkdir(share, { recursive: true, mode: 0o755 });
  const files = new Map(source.scripts);
  files.set("digest", `${source.digest}\n`);
  files.set("constraints.txt", lockConstraints(source.lockText));
  for (const [name, text] of files) await writeFile(path.join(share, name), text, { mode: 0o644 });
}

async function checkSpace(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < neededBytes) throw diskFull(folder);
}

/** Finds a closed folder on the way here now, and not when the first deployment fails to start. */
async function checkReadable(interpreter: string, owner: Owner | null, folder: string): Promise<void> {
  const env = { PATH: "/usr/bin:/bin" };
  const asked = await runProgram({ command: [interpreter, "-c", "import site"], env, owner });
  if (asked.exitCode === 0) return;
  throw new SetupError("folder-unusable", {
    what: `The apps cannot run what was installed in ${folder}`,
    why: `${owner ? `uid ${owner.uid} was refused` : "it does not start"}: ${asked.stderr.trim().split("\n").at(-1)}.`,
    nextStep: "Choose a cache folder that other users can read with ONVERA_CACHE.",
  });
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError || systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

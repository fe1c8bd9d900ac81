/** The package installer, uv, at the version and hash that apps/toolchain/requirements.lock pins. */
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { type Progress, runStep, silentProgress } from "../../domain/progress.ts";
import { SetupError } from "../../domain/setup-error.ts";
import { withLock } from "../lock-file.ts";
import { installerEnvironment } from "./installer-environment.ts";
import { installerFailure } from "./installer-failure.ts";
import type { PackagePaths } from "./package-paths.ts";
import { pythonWithPip } from "./python-with-pip.ts";
import { runProgram } from "./run-program.ts";

export interface UvRequest {
  appsFolder: string;
  paths: Pick<PackagePaths, "toolchain">;
  progress?: Progress;
  signal?: AbortSignal;
}

/**
 * Path of the installer's executable; fetched and checked at the first call.
 * @throws SetupError `network`, `disk-full`, `python-missing`, `package-failed` or `canceled`
 */
export async function ensureUv(request: UvRequest): Promise<string> {
  const { appsFolder, paths, progress = silentProgress, signal } = request;
  const lockFile = path.join(appsFolder, "toolchain", "requirements.lock");
  const version = /^uv==(\S+)/m.exec(await readFile(lockFile, "utf8"))?.[1];
  if (version === undefined) throw new Error(`${lockFile} does not pin uv.`);
  const folder = path.join(paths.toolchain, "uv", version);
  const executable = path.join(folder, "uv");
  if (await works(executable, version)) return executable;
  await mkdir(path.dirname(folder), { recursive: true });
  const waiting = signal ? { signal } : {};
  return await withLock(`${folder}.lock`, waiting, async () => {
    if (await works(executable, version)) return executable;
    const step = {
      name: "package-installer",
      message: `Fetching the package installer uv ${version}`,
      estimateSeconds: 5,
    };
    await runStep(progress, step, () => fetchUv(lockFile, folder, signal));
    if (await works(executable, version)) return executable;
    throw new SetupError("package-failed", {
      what: `The package installer uv ${version} does not run on this machine`,
      why: `${executable} could not be executed.`,
      nextStep: "Check that its disk is not mounted noexec, or choose another folder with ONVERA_CACHE.",
    });
  });
}

async function works(executable: string, version: string): Promise<boolean> {
  const asked = await runProgram({ command: [executable, "--version"], env: {} });
  return asked.exitCode === 0 && asked.stdout.startsWith(`uv ${version}`);
}

/** Pip compares the hash; the wheel is unpacked, not installed, so that no Python is changed. */
async function fetchUv(lockFile: string, folder: string, signal: AbortSignal | undefined): Promise<void> {
  const python = await pythonWithPip(signal);
  const scratch = await mkdtemp(`${folder}.part-`);
  try {
    const options = signal ? { signal } : {};
    const pip = ["download", "--quiet", "--no-input", "--no-deps", "--only-binary", ":all:", "--require-hashes"];
    const env = installerEnvironment();
    const fetched = await runProgram({
      command: [python, "-m", "pip", ...pip, "--dest", scratch, "--requirement", lockFile],
      env,
      ...options,
    });
    if (fetched.exitCode !== 0) throw installerFailure("the package installer uv", fetched.stderr, folder);
    const wheel = (await readdir(scratch)).find((name) => name.endsWith(".whl")) ?? "";
    const unpacked = await runProgram({
      command: [python, "-m", "zipfile", "-e", path.join(scratch, wheel), path.join(scratch, "wheel")],
      env,
      ...options,
    });
    if (unpacked.exitCode !== 0) throw installerFailure("the package installer uv", unpacked.stderr, folder);
    await takeExecutable(path.join(scratch, "wheel"), scratch);
    await rm(folder, { recursive: true, force: true });
    await rename(path.join(scratch, "out"), folder);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function takeExecutable(wheel: string, scratch: string): Promise<void> {
  const data = (await readdir(wheel)).find((name) => name.endsWith(".data")) ?? "";
  await mkdir(path.join(scratch, "out"), { mode: 0o755 });
  await copyFile(path.join(wheel, data, "scripts", "uv"), path.join(scratch, "out", "uv"));
  // The deployments' users run it too, whatever our umask is.
  for (const name of ["out", "out/uv"]) await chmod(path.join(scratch, name), 0o755);
}

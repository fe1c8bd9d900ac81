/** The Pulumi CLI of exactly our version: installed already, or downloaded, or built; cached outside the checkout. */
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { type Progress, type RunningStep, runStep } from "../../domain/progress.ts";
import { SetupError } from "../../domain/setup-error.ts";
import { withLock } from "../../local/lock-file.ts";
import type { OnveraPaths } from "../../local/paths.ts";
import { tellingDiskFull } from "../../local/prepare-folders.ts";
import { buildEstimateSeconds, buildKey, buildPulumiCli, pulumiModuleFolder } from "./build-pulumi-cli.ts";
import { downloadPulumiCli, expectedChecksum } from "./download-pulumi-cli.ts";
import { findGo, findProgram, type GoToolchain } from "./go-toolchain.ts";
import { runProgram } from "./program-output.ts";
import {
  archiveChecksumVariable,
  archivePlatform,
  archiveUrl,
  pulumiVersion,
  pulumiVersionText,
} from "./pulumi-release.ts";
import { type Manifest, placeExecutable, sha256OfFile, verifiedExecutable } from "./verified-executable.ts";

export interface PulumiCli {
  path: string;
  version: string;
  origin: "installed" | "downloaded" | "built";
  /** Of the executable. */
  sha256: string;
}

export interface PulumiCliOptions {
  paths: Pick<OnveraPaths, "toolchain" | "goCache">;
  progress: Progress;
  signal?: AbortSignal;
  /** True keeps off the network: what is installed or cached must do. */
  offline?: boolean;
  environment?: Readonly<Record<string, string | undefined>>;
}

const programName = "pulumi";

/**
 * Finds or makes the CLI. Any number of processes may call it at once: one works, the others wait for it.
 * @throws SetupError with the next step: `pulumi-tampered`, `pulumi-unverified`, `go-missing`, `network`, `disk-full`, …
 */
export async function ensurePulumiCli(options: PulumiCliOptions): Promise<PulumiCli> {
  const step = { name: "pulumi-cli", message: `Pulumi CLI ${pulumiVersion}` };
  return runStep(options.progress, step, async (running) => {
    const cli = await tellingDiskFull(options.paths.toolchain, () => find(options, running));
    running.done(`Pulumi CLI ${cli.version} (${cli.origin})`);
    return cli;
  });
}

async function find(options: PulumiCliOptions, step: RunningStep): Promise<PulumiCli> {
  const { paths, signal, offline = false, environment = process.env } = options;
  const folder = path.join(paths.toolchain, "pulumi", pulumiVersion);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const installed = await installedCli(environment, folder);
  if (installed) return installed;
  const checksum = expectedChecksum(archivePlatform(), environment);
  const downloadFolder = checksum && path.join(folder, `download-${checksum.slice(0, 16)}`);
  const downloaded = downloadFolder && (await cached(downloadFolder));
  if (downloaded) return downloaded;
  const moduleFolder = pulumiModuleFolder();
  const go = await findGo({ cache: paths.goCache, moduleFolder, offline }, environment).catch((error: unknown) =>
    error instanceof SetupError ? error : Promise.reject(error),
  );
  const found = await cachedBuild(folder, moduleFolder, go, offline);
  if (found) return found;
  const onWait = (pid: number) => step.update(`process ${pid} is already making it; waiting for it`);
  return withLock(path.join(folder, "lock"), { onWait, ...(signal ? { signal } : {}) }, async () => {
    await removeDrafts(folder);
    if (checksum && downloadFolder && !offline) {
      const made = (await cached(downloadFolder)) ?? (await download(downloadFolder, checksum, signal));
      if (made) return made;
    } else if (!offline) {
      step.update(`no download: nobody vouches for the archive (${archiveChecksumVariable} is not set)`);
    }
    if (go instanceof SetupError) throw go;
    return (await cachedBuild(folder, moduleFolder, go, offline)) ?? build(options, go, folder, moduleFolder);
  });
}

const Stamp = z.object({
  path: z.string(),
  sizeBytes: z.number(),
  modifiedAtMilliseconds: z.number(),
  version: z.string(),
  sha256: z.string(),
});

/** Asking a CLI for its version takes a quarter of a second, so the answer is kept for as long as the file stays the same. */
async function installedCli(
  environment: Readonly<Record<string, string | undefined>>,
  folder: string,
): Promise<PulumiCli | undefined> {
  const file = await findProgram(programName, environment.PATH ?? "");
  if (!file) return undefined;
  const { size, mtimeMs } = await stat(file);
  const stampFile = path.join(folder, "installed.json");
  const known = Stamp.safeParse(
    await readFile(stampFile, "utf8")
      .then(JSON.parse)
      .catch(() => undefined),
  ).data;
  const isKnown = known?.path === file && known.sizeBytes === size && known.modifiedAtMilliseconds === mtimeMs;
  const version = isKnown ? known.version : await askVersion(file);
  const sha256 = isKnown ? known.sha256 : version === pulumiVersionText ? await sha256OfFile(file) : "";
  if (!isKnown)
    await writeFile(
      stampFile,
      JSON.stringify({ path: file, sizeBytes: size, modifiedAtMilliseconds: mtimeMs, version, sha256 }),
    );
  return version === pulumiVersionText
    ? { path: file, version: pulumiVersion, origin: "installed", sha256 }
    : undefined;
}

async function askVersion(file: string): Promise<string> {
  const environment = { PATH: process.env.PATH ?? "", HOME: "/nonexistent", PULUMI_SKIP_UPDATE_CHECK: "true" };
  const { stdout } = await runProgram(file, { argv: ["version"], environment, timeoutSeconds: 30 }).catch(() => ({
    stdout: [],
  }));
  return stdout[0]?.trim() ?? "";
}

async function cached(folder: string): Promise<PulumiCli | undefined> {
  const manifest = await verifiedExecutable(folder, programName);
  return manifest && toCli(folder, manifest);
}

/** The build of this very Go version; where there is no Go (any more) or no network, one of another Go version. */
async function cachedBuild(
  folder: string,
  moduleFolder: string,
  go: GoToolchain | SetupError,
  offline: boolean,
): Promise<PulumiCli | undefined> {
  const wanted = await buildKey(moduleFolder, go instanceof SetupError ? "" : go.version);
  const exact = await cached(path.join(folder, `build-${wanted.key}`));
  if (exact || !(offline || go instanceof SetupError)) return exact;
  for (const name of await readdir(folder)) {
    if (!name.startsWith("build-") || name.includes(".draft-")) continue;
    const at = path.join(folder, name);
    const manifest = await verifiedExecutable(at, programName);
    const isSame = (["goModules", "flags", "platform"] as const).every(
      (part) => manifest?.madeFrom[part] === wanted.madeFrom[part],
    );
    if (manifest && isSame) return toCli(at, manifest);
  }
  return undefined;
}

async function download(folder: string, sha256: string, signal?: AbortSignal): Promise<PulumiCli | undefined> {
  const url = archiveUrl(archivePlatform());
  let arrived = false;
  try {
    const manifest = await placeExecutable(folder, programName, async (draft) => {
      arrived = await downloadPulumiCli({ url, sha256, folder: draft, ...(signal ? { signal } : {}) });
      if (!arrived) throw new Error("not to be had");
      await assertVersion(path.join(draft, programName));
      return { version: pulumiVersion, origin: "downloaded", madeFrom: { url, archiveSha256: sha256 } };
    });
    return toCli(folder, manifest);
  } catch (error) {
    if (!arrived && !(error instanceof SetupError)) return undefined;
    throw error;
  }
}

async function build(
  options: PulumiCliOptions,
  go: GoToolchain,
  folder: string,
  moduleFolder: string,
): Promise<PulumiCli> {
  const { progress, signal } = options;
  const { key, madeFrom } = await buildKey(moduleFolder, go.version);
  const target = path.join(folder, `build-${key}`);
  const step = {
    name: "pulumi-build",
    message: "Building the Pulumi CLI, once",
    estimateSeconds: buildEstimateSeconds(),
  };
  const manifest = await runStep(progress, step, (running) =>
    placeExecutable(target, programName, async (draft) => {
      const output = path.join(draft, programName);
      await buildPulumiCli({ toolchain: go, moduleFolder, output, step: running, ...(signal ? { signal } : {}) });
      await assertVersion(output);
      return { version: pulumiVersion, origin: "built", madeFrom };
    }),
  );
  // 3 GB that only an interrupted build needs; the program itself is 110 MB.
  await rm(options.paths.goCache, { recursive: true, force: true });
  return toCli(target, manifest);
}

async function assertVersion(file: string): Promise<void> {
  const said = await askVersion(file);
  if (said === pulumiVersionText) return;
  throw new SetupError("pulumi-build-failed", {
    what: "The Pulumi CLI is not used",
    why: `it answers ${said || "nothing"} when asked for its version, and ${pulumiVersionText} is needed.`,
    nextStep: "Check that the cache's disk is not mounted noexec, and run the command again.",
  });
}

const toCli = (folder: string, { version, origin, sha256 }: Manifest): PulumiCli => ({
  path: path.join(folder, programName),
  version,
  origin,
  sha256,
});

/** Left behind by a kill; nobody else writes here while we hold the lock. */
async function removeDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name.includes(".draft-")) await rm(path.join(folder, name), { recursive: true, force: true });
}

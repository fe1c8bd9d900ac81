/** Programs of the rig that are built from pinned Go modules: kept in the toolchain cache, looked at before each use. */
import { existsSync } from "node:fs";
import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { buildError, buildKey, goModuleFolder } from "../../../src/automation/toolchain/build-pulumi-cli.ts";
import { findGo, type GoToolchain } from "../../../src/automation/toolchain/go-toolchain.ts";
import { runProgram } from "../../../src/automation/toolchain/program-output.ts";
import { placeExecutable, verifiedExecutable } from "../../../src/automation/toolchain/verified-executable.ts";
import { withLock } from "../../../src/local/lock-file.ts";
import { resolvePaths } from "../../../src/local/paths.ts";

export interface GoProgram {
  /** Name of the executable and of its folder in the cache. */
  name: string;
  /** The beginning of a sentence about it. */
  title: string;
  version: string;
  /** The folder with go.mod, go.sum and sources, below `tools/`. */
  module: string;
  /** The package to build: below the module, or of a module it requires. */
  package: string;
  /** A required module whose sources lack files that its own build makes. */
  completed?: { module: string; files: Readonly<Record<string, string>> };
  linkerFlags: string;
  /** What a build from nothing took on two cores, minutes. */
  minutes: number;
}

const versionVariable = "k8s.io/component-base/version.git";
const versionOf = (version: string, [major, minor] = version.slice(1).split(".")) =>
  `-s -w -X ${versionVariable}Version=${version} -X ${versionVariable}Major=${major} -X ${versionVariable}Minor=${minor}`;

/** etcd and everything of Kubernetes in one file. */
export const kubernetesProgram: GoProgram = {
  name: "kubernetes",
  title: "Kubernetes 1.34.1",
  version: "1.34.1",
  module: "kubernetes",
  package: ".",
  linkerFlags: versionOf("v1.34.1"),
  minutes: 6,
};

/** The first process of each pod, and of the rig itself. */
export const pauseProgram: GoProgram = {
  name: "pause",
  title: "The pause program",
  version: "1",
  module: "kubernetes",
  package: "./pause",
  linkerFlags: "-s -w",
  minutes: 0,
};

/**
 * Finds or builds one. Any number of processes may call it at once: one works, the others wait for it.
 * @param tell hears what takes long
 * @returns the executable's path
 * @throws SetupError when it cannot be built, or was changed after it had been
 */
export async function ensureGoProgram(program: GoProgram, tell: (line: string) => void): Promise<string> {
  const moduleFolder = goModuleFolder(program.module);
  const { toolchain } = resolvePaths();
  const goCache = goCacheFolder();
  const go = await findGo({ cache: goCache, moduleFolder, program: program.title });
  const flags = ["-mod=readonly", "-modcacherw", "-trimpath", "-buildvcs=false", "-ldflags", program.linkerFlags];
  const sources = program.package.startsWith(".") ? await goFiles(moduleFolder, program.package) : [];
  const own = [program.package, ...(program.completed ? [JSON.stringify(program.completed)] : [])];
  const { key, madeFrom } = await buildKey(moduleFolder, go.version, [...flags, ...own], sources);
  const folder = path.join(toolchain, program.name, `build-${key}`);
  const file = path.join(folder, program.name);
  if (await verifiedExecutable(folder, program.name)) return file;
  await mkdir(path.dirname(folder), { recursive: true });
  await withLock(buildLock(), {}, async () => {
    if (await verifiedExecutable(folder, program.name)) return;
    await removeDrafts(path.dirname(folder));
    tell(`building ${program.title} from its Go modules, once: about ${program.minutes} minutes on two cores`);
    await placeExecutable(folder, program.name, async (draft) => {
      const output = path.join(draft, program.name);
      const completed = await completeModule(program, go, moduleFolder, `${draft}.source`);
      const argv = ["build", ...flags, ...completed, "-o", output, program.package];
      const { exitCode, stderr } = await runProgram(go.go, { argv, environment: go.environment, cwd: moduleFolder });
      await rm(`${draft}.source`, { recursive: true, force: true });
      if (exitCode !== 0) throw buildError(stderr.join("\n"), exitCode, goCache, program.title);
      return { version: program.version, origin: "built", madeFrom };
    });
  });
  return file;
}

/** Not the Pulumi CLI's own caches: those are removed when its build is done. */
const goCacheFolder = () => path.join(resolvePaths().cache, "go-cluster");
const buildLock = () => path.join(resolvePaths().toolchain, "go-programs.lock");

/** Removes what only an interrupted build needs: 12 GB once all programs are built. */
export async function removeBuildCaches(): Promise<void> {
  if (!existsSync(path.join(goCacheFolder(), "mod"))) return;
  await withLock(buildLock(), {}, () => rm(goCacheFolder(), { recursive: true, force: true }));
}

/** A copy of the required module, as go.sum vouches for it, with the files it lacks. @returns the flags that use it */
async function completeModule(
  { completed, title }: GoProgram,
  go: GoToolchain,
  moduleFolder: string,
  folder: string,
): Promise<string[]> {
  if (completed === undefined) return [];
  const argv = ["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", completed.module];
  await runProgram(go.go, {
    argv: ["mod", "download", completed.module],
    environment: go.environment,
    cwd: moduleFolder,
  });
  const { exitCode, stdout, stderr } = await runProgram(go.go, {
    argv,
    environment: go.environment,
    cwd: moduleFolder,
  });
  const [original] = stdout;
  if (!original) throw buildError(stderr.join("\n"), exitCode, moduleFolder, title);
  const source = path.join(folder, "source");
  await cp(original, source, { recursive: true });
  for (const [name, text] of Object.entries(completed.files)) {
    await mkdir(path.dirname(path.join(source, name)), { recursive: true });
    await writeFile(path.join(source, name), text);
  }
  const modules = await readFile(path.join(moduleFolder, "go.mod"), "utf8");
  await writeFile(path.join(folder, "go.mod"), `${modules}\nreplace ${completed.module} => ${source}\n`);
  await copyFile(path.join(moduleFolder, "go.sum"), path.join(folder, "go.sum"));
  return [`-modfile=${path.join(folder, "go.mod")}`];
}

/** The sources of one package, relative to the module's folder. */
async function goFiles(moduleFolder: string, goPackage: string): Promise<string[]> {
  const names = await readdir(path.join(moduleFolder, goPackage));
  return names
    .filter((name) => name.endsWith(".go"))
    .map((name) => path.join(goPackage, name))
    .sort();
}

/** Left behind by a kill; nobody else writes here while we hold the lock. */
async function removeDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name.includes(".draft-")) await rm(path.join(folder, name), { recursive: true, force: true });
}

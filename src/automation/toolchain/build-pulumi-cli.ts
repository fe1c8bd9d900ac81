/** Builds the Pulumi CLI from its Go module, whose every source file the committed go.sum vouches for. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { RunningStep } from "../../domain/progress.ts";
import { SetupError } from "../../domain/setup-error.ts";
import { diskFull } from "../../local/prepare-folders.ts";
import type { GoToolchain } from "./go-toolchain.ts";
import { runProgram } from "./program-output.ts";
import { pulumiBuildFlags, pulumiGoPackage, pulumiPackageCount } from "./pulumi-release.ts";

export interface BuildRequest {
  toolchain: GoToolchain;
  moduleFolder: string;
  /** The file to write. */
  output: string;
  step: RunningStep;
  signal?: AbortSignal;
}

/**
 * Builds; what an interrupted build had compiled is not compiled again.
 * @throws SetupError `network`, `disk-full`, `go-too-old`, `pulumi-unverified`, `pulumi-build-failed`, `canceled`
 */
export async function buildPulumiCli({ toolchain, moduleFolder, output, step, signal }: BuildRequest): Promise<void> {
  const startedAt = Date.now();
  let [compiled, downloaded] = [0, 0];
  const { exitCode, stderr } = await runProgram(toolchain.go, {
    argv: ["build", "-v", ...pulumiBuildFlags, "-o", output, pulumiGoPackage],
    environment: toolchain.environment,
    cwd: moduleFolder,
    ...(signal ? { signal } : {}),
    onLine: (line) => {
      if (line.startsWith("go: downloading")) downloaded++;
      else if (/^[\w.-]+(\/[\w.~-]+)*$/.test(line)) compiled++;
      const fraction = compiled / pulumiPackageCount;
      step.update(buildMessage({ compiled, downloaded, elapsedSeconds: (Date.now() - startedAt) / 1000 }), {
        fraction,
      });
    },
  });
  if (signal?.aborted) throw canceled();
  if (exitCode !== 0) throw buildError(stderr.join("\n"), exitCode, toolchain.environment.GOCACHE ?? moduleFolder);
}

/** One line about how far the build is, with what is left once that can be told. */
export function buildMessage(at: { compiled: number; downloaded: number; elapsedSeconds: number }): string {
  const { compiled, downloaded, elapsedSeconds } = at;
  if (compiled === 0) return downloaded === 0 ? "starting the compiler" : `fetched ${downloaded} modules`;
  const counted = `compiled ${compiled} of about ${pulumiPackageCount} packages`;
  if (compiled < 100 || elapsedSeconds < 10) return counted;
  const left = Math.max(0, (elapsedSeconds * (pulumiPackageCount - compiled)) / compiled);
  return `${counted}, ${left < 60 ? "less than a minute" : `about ${Math.ceil(left / 60)} min`} left`;
}

/** How long a build from nothing takes on this machine, seconds: the compiler's own time is spread over the cores. */
export function buildEstimateSeconds(cores: number = os.availableParallelism()): number {
  return Math.round(40 + 600 / cores);
}

/**
 * What the result depends on, and a short key of it.
 * @param sources files of the module folder besides go.mod and go.sum
 */
export async function buildKey(
  moduleFolder: string,
  goVersion: string,
  flags: readonly string[] = pulumiBuildFlags,
  sources: readonly string[] = [],
): Promise<{ key: string; madeFrom: Record<string, string> }> {
  const names = ["go.mod", "go.sum", ...sources];
  const sums = await Promise.all(names.map((name) => readFile(path.join(moduleFolder, name))));
  const madeFrom = {
    goModules: createHash("sha256").update(Buffer.concat(sums)).digest("hex"),
    goVersion,
    flags: flags.join(" "),
    platform: `${process.platform}-${process.arch}`,
  };
  const key = createHash("sha256").update(JSON.stringify(madeFrom)).digest("hex").slice(0, 16);
  return { key, madeFrom };
}

const here = path.dirname(fileURLToPath(import.meta.url));

/**
 * The folder below `tools/` with a committed go.mod, from the sources and from the bundle alike.
 * @throws Error when the installation is incomplete
 */
export function goModuleFolder(name: string, from: string = here): string {
  for (let at = from; ; at = path.dirname(at)) {
    const folder = path.join(at, "tools", name);
    if (existsSync(path.join(folder, "go.sum"))) return folder;
    if (at === path.dirname(at))
      throw new Error(`tools/${name} was not found above ${from}: the installation is incomplete`);
  }
}

/** @throws Error when the installation is incomplete */
export const pulumiModuleFolder = (from: string = here): string => goModuleFolder("pulumi-cli", from);

/** Tells from Go's words what went wrong and what to do about it. */
export function buildError(
  said: string,
  exitCode: number | null,
  cacheFolder: string,
  program = "The Pulumi CLI",
): SetupError {
  const what = `${program} could not be built`;
  const last = said.trim().split("\n").slice(-3).join(" · ");
  if (/no space left on device/i.test(said)) return diskFull(cacheFolder);
  if (/checksum mismatch|SECURITY ERROR|missing go\.sum entry/i.test(said))
    return new SetupError("pulumi-unverified", {
      what,
      why: `a downloaded module is not the one this version was made with: ${last}.`,
      nextStep: "Set GOPROXY to a proxy you trust, remove the Go module cache of Onvera, and run the command again.",
    });
  if (/requires go >=|go\.mod requires|unknown directive: tool/i.test(said))
    return new SetupError("go-too-old", {
      what,
      why: `${last}.`,
      nextStep: "Install Go 1.25 or newer (https://go.dev/dl), then run the command again.",
    });
  if (
    /dial tcp|no such host|i\/o timeout|connection refused|TLS handshake|proxyconnect|module lookup disabled|40[34] |50[0234] /i.test(
      said,
    )
  )
    return new SetupError("network", {
      what,
      why: `its Go modules could not be fetched: ${last}.`,
      nextStep:
        "Check the network, or set GOPROXY to a module proxy you can reach, and run the command again: it goes on where it stopped.",
    });
  const killed = exitCode === null || /signal: killed/.test(said);
  return new SetupError("pulumi-build-failed", {
    what,
    why: killed ? "the compiler was killed, most likely for want of memory." : `Go said: ${last}.`,
    nextStep: killed
      ? "Give the machine 2 GB of free memory, and run the command again: it goes on where it stopped."
      : "Mend what it says, and run the command again.",
  });
}

function canceled(): SetupError {
  return new SetupError("canceled", {
    what: "The build of the Pulumi CLI was canceled",
    why: "it had not finished.",
    nextStep: "Run the command again: it goes on where it stopped.",
  });
}

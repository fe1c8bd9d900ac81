/** Bundles a process of ours for a test: Node 20 cannot run TypeScript, and a fork needs a file. */
import { createHash } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { runnerBundleOptions } from "../../scripts/runner-bundle.mjs";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
// Inside node_modules, so that the bundle finds the packages it leaves out.
const folder = join(checkout, "node_modules", ".cache", "onvera-tests");

const RUNNER = "src/automation/runner/main.ts";

/**
 * Bundles one entry, for example `src/automation/runner/main.ts`.
 * @returns the bundle's path; named by its content, so that test files may build it side by side
 */
export async function bundle(entry: string): Promise<string> {
  const ordinary: Omit<BuildOptions, "write"> = {
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    packages: "external",
    logLevel: "warning",
  };
  const options = entry === RUNNER ? runnerBundleOptions : ordinary;
  const result = await build({ ...options, absWorkingDir: checkout, entryPoints: [entry], write: false });
  const code = result.outputFiles[0]?.contents ?? new Uint8Array();
  const digest = createHash("sha256").update(code).digest("hex").slice(0, 16);
  const path = join(folder, `${basename(join(entry, "..", ".."))}-${basename(entry, ".ts")}-${digest}.mjs`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${path}.${process.pid}`, code);
  renameSync(`${path}.${process.pid}`, path);
  return path;
}

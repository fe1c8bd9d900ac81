/** Bundles a process of ours for a test: Node 20 cannot run TypeScript, and a fork needs a file. */
import { createHash } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
// Inside node_modules, so that the bundle finds the packages it leaves out.
const folder = join(checkout, "node_modules", ".cache", "onvera-tests");

/**
 * Bundles one entry, for example `src/automation/runner/main.ts`.
 * @returns the bundle's path; named by its content, so that test files may build it side by side
 */
export async function bundle(entry: string): Promise<string> {
  const result = await build({
    absWorkingDir: checkout,
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    packages: "external",
    write: false,
    logLevel: "warning",
  });
  const code = result.outputFiles[0]?.contents ?? new Uint8Array();
  const digest = createHash("sha256").update(code).digest("hex").slice(0, 16);
  const path = join(folder, `${basename(join(entry, "..", ".."))}-${basename(entry, ".ts")}-${digest}.mjs`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${path}.${process.pid}`, code);
  renameSync(`${path}.${process.pid}`, path);
  return path;
}

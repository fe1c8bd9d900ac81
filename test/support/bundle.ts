/** Bundles a process of ours for a test: Node 20 cannot run TypeScript, and a fork needs a file. */
import { createHash } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { runnerBundles } from "../../scripts/runner-bundle.mjs";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
// Inside node_modules, so that the bundle finds the packages it leaves out.
const folder = join(checkout, "node_modules", ".cache", "onvera-tests");

/**
 * Bundles one entry, for example `test/support/worker-process.ts`.
 * @returns the bundle's path; named by its content, so that test files may build it side by side
 */
export async function bundle(entry: string): Promise<string> {
  const options: Omit<BuildOptions, "write"> = {
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    packages: "external",
    logLevel: "warning",
  };
  const result = await build({ ...options, absWorkingDir: checkout, entryPoints: [entry], write: false });
  const code = result.outputFiles[0]?.contents ?? new Uint8Array();
  const path = join(folder, `${basename(join(entry, "..", ".."))}-${basename(entry, ".ts")}-${digestOf(code)}.mjs`);
  mkdirSync(folder, { recursive: true });
  place(path, code);
  return path;
}

/** Bundles the runner as the build does. @returns the path of its loader */
export async function bundleRunner(): Promise<string> {
  const names = Object.keys(runnerBundles);
  const codes = await Promise.all(
    names.map(async (name) => {
      const result = await build({ ...runnerBundles[name], absWorkingDir: checkout, write: false });
      return result.outputFiles[0]?.contents ?? new Uint8Array();
    }),
  );
  const own = join(folder, `runner-${digestOf(...codes)}`);
  mkdirSync(own, { recursive: true });
  for (const [index, name] of names.entries()) place(join(own, name), codes[index] ?? new Uint8Array());
  return join(own, "runner.cjs");
}

function digestOf(...codes: Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const code of codes) hash.update(code);
  return hash.digest("hex").slice(0, 16);
}

/** Other test files may be writing the same. */
function place(path: string, code: Uint8Array): void {
  writeFileSync(`${path}.${process.pid}`, code);
  renameSync(`${path}.${process.pid}`, path);
}

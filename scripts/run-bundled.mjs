// Bundles a program that is written in TypeScript, which Node 20 cannot run, and runs it with this command's arguments.
import { spawn } from "node:child_process";
import { renameSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** @param {{ entry: string, name: string }} program its file below the repository's root, and what its bundle is called */
export async function runBundled({ entry, name }) {
  const output = `${root}node_modules/.cache/onvera-${name}.mjs`;
  // Beside the place and renamed: a run of hours must not meet another run's half-written bundle.
  const draft = `${output}.${process.pid}`;
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: draft,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    packages: "external",
    logLevel: "warning",
  });
  renameSync(draft, output);
  const child = spawn(process.execPath, [output, ...process.argv.slice(2)], { stdio: "inherit" });
  // The run takes its servers down with it; npm passes Ctrl+C to this process and to the run alike.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

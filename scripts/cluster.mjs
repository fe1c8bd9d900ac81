#!/usr/bin/env node
import { spawn } from "node:child_process";
// `npm run cluster -- VERB`: bundles test/support/cluster/main.ts (Node 20 cannot run TypeScript) and runs it.
import { renameSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const output = `${root}node_modules/.cache/onvera-cluster.mjs`;
// Beside the place and renamed: two may run at once: neither must meet the other's half-written bundle.
const draft = `${output}.${process.pid}`;
await build({
  absWorkingDir: root,
  entryPoints: ["test/support/cluster/main.ts"],
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
// npm passes Ctrl+C to this process and to the command alike.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));

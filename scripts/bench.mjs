#!/usr/bin/env node
// `npm run bench -- p1 [--json] [--runs 7]`: bundles bench/main.ts (Node 20 cannot run TypeScript) and runs it.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const output = `${root}node_modules/.cache/onvera-bench.mjs`;
await build({
  absWorkingDir: root,
  entryPoints: ["bench/main.ts"],
  outfile: output,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  packages: "external",
  logLevel: "warning",
});
const child = spawn(process.execPath, [output, ...process.argv.slice(2)], { stdio: "inherit" });
child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));

#!/usr/bin/env node
// Runs every layer of tests that needs no root, on a machine that has nothing prepared: `npm test [-- layer ...]`.
// The toolchain the tests need is set up by the tests' own support files, through the product's own set-up code.
import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const allLayers = ["unit", "stacks", "http", "automation", "local", "chaos"];
// Run by name only (and by .ci/run): it needs a Chromium, which not every machine has.
const layersApart = ["browser"];
const known = [...allLayers, ...layersApart];
const wanted = process.argv.slice(2);
const unknown = wanted.filter((layer) => !known.includes(layer));
if (unknown.length > 0) {
  console.error(`Unknown test layer ${unknown.join(", ")}. There are: ${known.join(", ")}.`);
  process.exit(2);
}
const layers = wanted.length > 0 ? wanted : allLayers;
// Apart from the bundles that tests under way may be running.
const results = `${root}node_modules/.cache/onvera-test-results`;
mkdirSync(results, { recursive: true });
for (const layer of wanted.length > 0 ? layers : known) rmSync(`${results}/${layer}.json`, { force: true });

let failed = false;
for (const layer of layers) {
  console.log(`\n== ${layer}`);
  const code = await run([
    "node_modules/vitest/vitest.mjs",
    "run",
    "--project",
    layer,
    "--passWithNoTests",
    "--reporter",
    "default",
    "--reporter",
    "json",
    "--outputFile.json",
    `${results}/${layer}.json`,
  ]);
  if (code !== 0) failed = true;
}
const summary = await run(["scripts/test-summary.mjs", "--layers", layers.join(","), failed ? "1" : "0"]);
process.exit(summary);

function run(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, NODE_NO_WARNINGS: "1" },
    });
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

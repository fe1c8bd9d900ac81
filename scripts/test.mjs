#!/usr/bin/env node
// Runs every layer of tests that needs no root, on a machine that has nothing prepared: `npm test [-- layer ...]`.
// The toolchain the tests need is set up by the tests' own support files, through the product's own set-up code.
import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
// The real apps wait for each other's processes as often as they compute: the other layers run beside them.
const lanes = [["unit", "stacks", "http", "automation", "chaos", "browser", "cluster"], ["local"]];
// Run by name only (and by .ci/run): not every machine has a Chromium, and a Kubernetes node needs root.
const byNameOnly = ["browser", "cluster"];
const known = lanes.flat();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((layer) => !known.includes(layer));
if (unknown.length > 0) {
  console.error(`Unknown test layer ${unknown.join(", ")}. There are: ${known.join(", ")}.`);
  process.exit(2);
}
if (wanted.includes("cluster") && process.getuid?.() !== 0) {
  console.error("The cluster tests start a real Kubernetes node: namespaces, mounts, packet filter, control groups.");
  console.error("That needs root on Linux: run 'npm run test:cluster' as root; it says first what it changes.");
  process.exit(3);
}
const layers = wanted.length > 0 ? wanted : known.filter((layer) => !byNameOnly.includes(layer));
// Apart from the bundles that tests under way may be running.
const results = `${root}node_modules/.cache/onvera-test-results`;
mkdirSync(results, { recursive: true });
for (const layer of wanted.length > 0 ? layers : known) rmSync(`${results}/${layer}.json`, { force: true });

const running = lanes.map((lane) => lane.filter((layer) => layers.includes(layer))).filter(({ length }) => length > 0);
const codes = await Promise.all(running.map((lane) => runLane(lane, running.length > 1)));
const failed = codes.some((code) => code !== 0);
process.exit(await run(["scripts/test-summary.mjs", "--layers", layers.join(","), failed ? "1" : "0"]));

/** One layer after the other. Beside another lane, each line says which layer it is of. */
async function runLane(lane, isBeside) {
  let code = 0;
  for (const layer of lane) {
    console.log(`\n== ${layer}`);
    const reporters = ["--reporter", "default", "--reporter", "json", "--outputFile.json", `${results}/${layer}.json`];
    const args = ["node_modules/vitest/vitest.mjs", "run", "--project", layer, "--passWithNoTests", ...reporters];
    code = (await run(args, isBeside ? layer : undefined)) || code;
  }
  return code;
}

/** Runs one script to its end. @returns its exit code */
function run(args, label) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: label === undefined ? "inherit" : ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_NO_WARNINGS: "1" },
    });
    if (label === undefined) {
      child.on("exit", (code) => resolve(code ?? 1));
      return;
    }
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => console.log(`${label.padEnd(10)} | ${line}`));
    }
    child.on("close", (code) => resolve(code ?? 1));
  });
}

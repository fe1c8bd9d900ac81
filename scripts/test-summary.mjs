#!/usr/bin/env node
// Adds up the counts the test layers left behind and prints them last: `N passed, N failed`.
// Arguments: `--layers a,b` for these only, then exit codes of the steps before; any that is not 0 makes this one fail too.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const results = fileURLToPath(new URL("../node_modules/.cache/onvera-test-results", import.meta.url));
const { values, positionals } = parseArgs({ allowPositionals: true, options: { layers: { type: "string" } } });
const layers = values.layers?.split(",");
const earlier = positionals.map(Number);
const isMeant = (name) => name.endsWith(".json") && (layers?.includes(name.slice(0, -".json".length)) ?? true);
let passed = 0;
let failed = 0;
for (const file of existsSync(results) ? readdirSync(results).filter(isMeant) : []) {
  const report = JSON.parse(readFileSync(`${results}/${file}`, "utf8"));
  passed += report.numPassedTests;
  // A file that could not be loaded has no tests to count, yet it failed.
  const broken = report.testResults.filter(
    (suite) => suite.status === "failed" && suite.assertionResults.length === 0,
  ).length;
  failed += report.numFailedTests + broken;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 || earlier.some((code) => code !== 0) ? 1 : 0);

#!/usr/bin/env node
// Names the tests that failed in any layer and prints the layers' counts, added up, last: `N passed, N failed`.
// Arguments: `--layers a,b` for these only, then exit codes of the steps before; any that is not 0 makes this one fail too.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const results = `${root}node_modules/.cache/onvera-test-results`;
const { values, positionals } = parseArgs({ allowPositionals: true, options: { layers: { type: "string" } } });
const layers = values.layers?.split(",");
const earlier = positionals.map(Number);
const isMeant = (name) => name.endsWith(".json") && (layers?.includes(name.slice(0, -".json".length)) ?? true);
let passed = 0;
let failed = 0;
/** Where a failed test stands, what it says, and the first line of why: a long run is read from its end. */
const failures = [];
for (const file of existsSync(results) ? readdirSync(results).filter(isMeant) : []) {
  const report = JSON.parse(readFileSync(`${results}/${file}`, "utf8"));
  passed += report.numPassedTests;
  // A file that could not be loaded has no tests to count, yet it failed.
  const broken = report.testResults.filter((suite) => suite.status === "failed" && suite.assertionResults.length === 0);
  failed += report.numFailedTests + broken.length;
  for (const suite of broken) failures.push(describe(suite.name, "could not be loaded", [suite.message]));
  for (const suite of report.testResults)
    for (const test of suite.assertionResults.filter(({ status }) => status === "failed"))
      failures.push(describe(suite.name, test.fullName, test.failureMessages));
}
if (failures.length > 0) console.log(`Failed:\n${failures.join("\n")}\n`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 || earlier.some((code) => code !== 0) ? 1 : 0);

/** @param {string} file @param {string} test @param {string[]} messages the failure of each try */
function describe(file, test, messages) {
  const reasons = messages.map((message) => `    ${message.split("\n").slice(0, 4).join("\n    ")}`);
  return [`  ${relative(root, file)} > ${test}`, ...reasons].join("\n");
}

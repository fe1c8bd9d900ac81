/**
 * Ends with 0 when node_modules holds exactly what package-lock.json asks for on this machine, else with 1.
 * npm leaves its own record of what it installed in node_modules/.package-lock.json; the two are compared.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = process.argv[2] ?? process.cwd();
const packagesIn = (path) => JSON.parse(readFileSync(join(root, path), "utf8")).packages;

const wanted = packagesIn("package-lock.json");
const present = packagesIn("node_modules/.package-lock.json");

const isMissing = ([path, entry]) => {
  if (path === "") return false;
  const found = present[path];
  // Optional packages of other platforms are left out by npm.
  if (found === undefined) return entry.optional !== true;
  return found.version !== entry.version || found.integrity !== entry.integrity;
};

process.exitCode = Object.entries(wanted).some(isMissing) ? 1 : 0;

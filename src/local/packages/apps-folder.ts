/** The folder `apps/` of this installation, from which locks and Python scripts are taken. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { SetupError, systemErrorCode } from "../../domain/setup-error.ts";

/** Raised when the way an environment is laid out changes, so that every one of them is made anew. */
const LAYOUT = "1";

/**
 * Finds `apps/` above this module: it lies beside `src/` and beside `dist/` alike.
 * @throws Error when the installation is incomplete
 */
export function findAppsFolder(startedFrom: string = path.dirname(fileURLToPath(import.meta.url))): string {
  for (let folder = startedFrom; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, "apps");
    if (existsSync(path.join(candidate, "toolchain", "requirements.lock"))) return candidate;
    if (folder === path.dirname(folder)) throw new Error(`No folder 'apps' above ${startedFrom}: reinstall Onvera.`);
  }
}

export interface PackageSource {
  /** `superset/6.1.0` */
  lock: string;
  app: string;
  version: string;
  lockFile: string;
  lockText: string;
  /** Python files that go into every environment of the app, by file name. */
  scripts: Map<string, string>;
  /** Hash of all of it: the same digest means the same package. */
  digest: string;
}

/**
 * Reads what a package is made of.
 * @param lock `superset/6.1.0`
 * @throws SetupError `package-unknown` when there is no such lock
 */
export async function readPackageSource(appsFolder: string, lock: string): Promise<PackageSource> {
  const [app = "", version = ""] = lock.split("/");
  const lockFile = path.join(appsFolder, app, version, "requirements.lock");
  const lockText = await readFile(lockFile, "utf8").catch((cause: unknown) => {
    if (systemErrorCode(cause) !== "ENOENT") throw cause;
    throw new SetupError("package-unknown", {
      what: `The package ${lock} does not exist`,
      why: `${lockFile} is missing.`,
      nextStep: "Choose a version that 'onvera deploy --help' lists.",
      cause,
    });
  });
  const scripts = new Map<string, string>();
  for (const folder of ["common", app]) {
    const names = (await readdir(path.join(appsFolder, folder))).filter((name) => name.endsWith(".py")).sort();
    for (const name of names) scripts.set(name, await readFile(path.join(appsFolder, folder, name), "utf8"));
  }
  const digest = createHash("sha256")
    .update(JSON.stringify([LAYOUT, lock, lockText, ...scripts]))
    .digest("hex");
  return { lock, app, version, lockFile, lockText, scripts, digest };
}

/** The lock's `name==version` lines without hashes: what additions must agree with. */
export function lockConstraints(lockText: string): string {
  const lines = lockText.split("\n").filter((line) => /^[A-Za-z0-9]/.test(line));
  return `${lines.map((line) => line.replace(/\s*\\$/, "").trim()).join("\n")}\n`;
}

/**
 * The runner's entry: runs the bundle beside it with what V8 compiled of it in an earlier runner. Compiling it anew
 * costs more processor time than the Pulumi CLI needs for an unchanged stack (docs/adr/0002).
 */
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { constants, Script } from "node:vm";

const PREFIX = "runner-";

/** What the bundle evaluates to: the usual function around a CommonJS module (scripts/runner-bundle.mjs writes it). */
type Wrapped = (exports: object, require: NodeJS.Require, module: object, file: string, folder: string) => void;

const [, entry = "", cacheFolder = ""] = process.argv;
const bundle = join(dirname(entry), "runner-main.cjs");
const { size, mtimeMs } = statSync(bundle);
const name = `${PREFIX}${size}-${Math.floor(mtimeMs)}-${process.version}-${process.arch}.v8cache`;

const cachedData = readCache(join(cacheFolder, name));
const script = new Script(readFileSync(bundle, "latin1"), {
  filename: bundle,
  ...(cachedData === undefined ? {} : { cachedData }),
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});

if (cachedData === undefined || script.cachedDataRejected === true) keepWhenUsed();
const module = { exports: {} };
(script.runInThisContext() as Wrapped)(module.exports, createRequire(bundle), module, bundle, dirname(bundle));

function readCache(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** Only a runner that had a job has compiled what a job needs. */
function keepWhenUsed(): void {
  let used = false;
  process.once("message", () => {
    used = true;
  });
  process.once("exit", (code) => {
    if (used && code === 0) keep();
  });
}

/** Writes what is compiled now, whole or not at all, in place of what older bundles left. */
function keep(): void {
  const temporary = join(cacheFolder, `${name}.${process.pid}`);
  try {
    writeFileSync(temporary, script.createCachedData(), { mode: 0o600 });
    renameSync(temporary, join(cacheFolder, name));
    const older = readdirSync(cacheFolder).filter((file) => file.startsWith(PREFIX) && file.endsWith(".v8cache"));
    for (const file of older) if (file !== name) rmSync(join(cacheFolder, file), { force: true });
  } catch {
    // A full disk costs the next runner its head start, nothing else.
    rmSync(temporary, { force: true });
  }
}

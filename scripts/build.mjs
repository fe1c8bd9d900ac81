/** Bundles src/ into dist/: Node 20 cannot run TypeScript, and one file per process starts faster than hundreds. */
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildDashboard } from "./dashboard.mjs";
import { runnerBundles } from "./runner-bundle.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");

/** Output name to source: everything that is started as a process or imported by name. */
const entries = {
  cli: "src/cli/main.ts",
  "main/supervisor": "src/main/supervisor.ts",
  "main/provider-host": "src/main/provider-host.ts",
  "stacks/main": "src/stacks/main.ts",
};

/** Files served as they are: output name to source. */
const assets = {
  "assets/scalar.js": "node_modules/@scalar/api-reference/dist/browser/standalone.js",
};

/** A control plane that runs still imports the chunks it was built with; they are kept for this long. */
const KEEP_OLD_FILES_MILLISECONDS = 7 * 24 * 3600 * 1000;

/** Writes beside the place and renames, so that no process ever reads half a file. */
async function place(path, contents) {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
}

async function removeOldFiles(current) {
  for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(c?js|map|tmp)$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    if (relative(dist, path).startsWith("web/")) continue;
    if (current.has(path)) continue;
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > KEEP_OLD_FILES_MILLISECONDS) await rm(path, { force: true });
  }
}

/** esbuild has printed what is wrong by the time it throws; its stack trace says nothing more. */
async function bundle(options) {
  try {
    return await build(options);
  } catch (error) {
    if (!Array.isArray(error.errors)) throw error;
    process.exit(1);
  }
}

const result = await bundle({
  absWorkingDir: root,
  entryPoints: entries,
  outdir: dist,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  packages: "external",
  chunkNames: "chunks/[name]-[hash]",
  sourcemap: "linked",
  write: false,
  logLevel: "warning",
});

// The SDK is inside: a runner is forked for every operation, so what it loads is paid each time.
const runner = await Promise.all(
  Object.entries(runnerBundles).map(([name, options]) =>
    bundle({ absWorkingDir: root, ...options, outfile: join(dist, name), sourcemap: "linked", write: false }),
  ),
);

// Chunks first: an entry never names a chunk that is not there yet.
const isChunk = (file) => relative(dist, file.path).startsWith("chunks/");
const outputs = [result, ...runner]
  .flatMap(({ outputFiles }) => outputFiles)
  .sort((a, b) => Number(isChunk(b)) - Number(isChunk(a)));
for (const file of outputs) await place(file.path, file.contents);

const copied = Object.entries(assets).filter(([, source]) => existsSync(join(root, source)));
for (const [name, source] of copied) {
  const path = join(dist, name);
  if (existsSync(path) && (await stat(path)).size === (await stat(join(root, source))).size) continue;
  await mkdir(dirname(path), { recursive: true });
  await copyFile(join(root, source), path);
}

await buildDashboard(root);

await removeOldFiles(new Set([...outputs.map((file) => file.path), ...copied.map(([name]) => join(dist, name))]));

/** Builds web/ into dist/web, only when something it is made of changed, with compressed copies that the server sends as they are. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";

const COMPRESSED = /\.(js|css|svg)$/;

/** @param {string} root the checkout */
export async function buildDashboard(root) {
  const source = join(root, "web");
  if (!existsSync(join(source, "index.html"))) return;
  const dist = join(root, "dist");
  const stampFile = join(dist, "web", ".built");
  const stamp = await stampOf([source, join(root, "src/domain"), join(root, "package-lock.json")]);
  if ((await readFile(stampFile, "utf8").catch(() => "")) === stamp) return;
  const { build } = await import("vite");
  // Where it says otherwise, as in a test, the libraries would come in their slow form with checks of their own.
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = "production";
  const fresh = join(dist, `web.${process.pid}`);
  try {
    await build({
      configFile: join(source, "vite.config.ts"),
      logLevel: "warn",
      build: { outDir: fresh, emptyOutDir: true },
    });
    await compress(join(fresh, "assets"));
    await writeFile(join(fresh, ".built"), stamp);
    await place(fresh, join(dist, "web"));
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Assets first, the page that names them last; those of the build before stay, because open pages still load them. */
async function place(fresh, target) {
  const assets = join(target, "assets");
  await mkdir(assets, { recursive: true });
  const kept = new Set(await readdir(assets));
  const current = await readdir(join(fresh, "assets"));
  // Renamed, so that no request finds half a file; one of the same name has the same contents.
  for (const name of current) await rename(join(fresh, "assets", name), join(assets, name));
  const before = (await readFile(join(target, ".assets"), "utf8").catch(() => "")).split("\n");
  const wanted = new Set([...current, ...before]);
  for (const name of kept) if (!wanted.has(name)) await rm(join(assets, name), { force: true });
  await writeFile(join(target, ".assets"), current.join("\n"));
  for (const name of ["index.html", ".built"]) await rename(join(fresh, name), join(target, name));
}

async function compress(folder) {
  for (const name of (await readdir(folder)).filter((file) => COMPRESSED.test(file))) {
    const contents = await readFile(join(folder, name));
    await writeFile(join(folder, `${name}.br`), await promisify(brotliCompress)(contents));
    await writeFile(join(folder, `${name}.gz`), await promisify(gzip)(contents, { level: 9 }));
  }
}

async function stampOf(places) {
  const hash = createHash("sha256");
  for (const place of places) {
    const names = await readdir(place, { recursive: true, withFileTypes: true }).catch(() => undefined);
    const files = names
      ? names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
      : [place];
    for (const file of files.sort()) hash.update(relative(place, file)).update(await readFile(file));
  }
  return hash.digest("hex");
}

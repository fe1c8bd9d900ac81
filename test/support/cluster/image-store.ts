/** Layers of the apps' images that are made once and kept, for all rigs of this machine. */
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { APP_IMAGE_FOLDER } from "../../../src/domain/app-images.ts";
import { resolvePaths } from "../../../src/local/paths.ts";
import { type Layer, packLayer } from "./oci-image.ts";

/** Below the cache: finished images, and the layers they stand on. */
export const imageStore = (): string => path.join(resolvePaths().cache, "cluster", "app-images");

const leftOut = [
  "dev/*",
  "proc/*",
  "sys/*",
  "var/cache/apt/*",
  "var/lib/apt/lists/*",
  "usr/share/doc/*",
  "usr/share/man/*",
];

/** A layer made once. @param fill puts its files into an empty root */
export async function keptLayer(name: string, fill: (root: string) => Promise<void>): Promise<Layer> {
  const known = path.join(imageStore(), `${name}.json`);
  if (existsSync(known)) return JSON.parse(await readFile(known, "utf8"));
  const root = path.join(imageStore(), `${name}.part`);
  await rm(root, { recursive: true, force: true });
  await mkdir(path.join(root, path.dirname(APP_IMAGE_FOLDER)), { recursive: true, mode: 0o755 });
  await fill(root);
  const layer = await packLayer(root, imageStore(), leftOut);
  await rm(root, { recursive: true, force: true });
  await writeFile(known, JSON.stringify(layer));
  return layer;
}

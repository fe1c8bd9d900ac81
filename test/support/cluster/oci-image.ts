/** Images in the form that the Open Container Initiative gives them on disk: layers, a description, an index. */
import { createHash } from "node:crypto";
import { link, mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { sha256OfFile } from "../../../src/automation/toolchain/verified-executable.ts";
import { run } from "./run.ts";

/** A tar file that is called as its content's SHA-256 is. */
export interface Layer {
  file: string;
  sha256: string;
  sizeBytes: number;
}

export interface ImageSettings {
  entrypoint?: string[];
  /** `uid:gid` */
  user?: string;
  environment?: Record<string, string>;
  workingFolder?: string;
}

/**
 * Packs a folder as one layer, with the owners its files have.
 * @param folder where the layer's file is put
 * @param leftOut paths relative to the root
 */
export async function packLayer(root: string, folder: string, leftOut: readonly string[] = []): Promise<Layer> {
  const draft = path.join(folder, "layer.part");
  const excluded = leftOut.map((name) => `--exclude=./${name}`);
  // Times stay: Python takes its compiled files for stale when their sources' times differ.
  await run("tar", ["-C", root, "--numeric-owner", "--sort=name", ...excluded, "-cf", draft, "."]);
  const sha256 = await sha256OfFile(draft);
  const file = path.join(folder, sha256);
  await rename(draft, file);
  return { file, sha256, sizeBytes: (await stat(file)).size };
}

/** Digest of the manifest of an image on disk: all of it, in one number. */
export async function manifestDigest(layout: string): Promise<string> {
  const index = JSON.parse(await readFile(path.join(layout, "index.json"), "utf8"));
  return index.manifests[0].digest;
}

/** Writes an image of these layers, lowest first. @param layout a folder that does not exist yet, on the layers' disk */
export async function writeImage(
  layout: string,
  name: string,
  layers: readonly Layer[],
  { entrypoint, user, environment = {}, workingFolder }: ImageSettings,
): Promise<void> {
  const blobs = path.join(layout, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  for (const { file, sha256 } of layers) await link(file, path.join(blobs, sha256));
  const put = async (mediaType: string, content: object) => {
    const text = JSON.stringify(content);
    const digest = createHash("sha256").update(text).digest("hex");
    await writeFile(path.join(blobs, digest), text);
    return {
      mediaType: `application/vnd.oci.image.${mediaType}`,
      digest: `sha256:${digest}`,
      size: Buffer.byteLength(text),
    };
  };
  const config = await put("config.v1+json", {
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config: {
      Env: Object.entries(environment).map(([variable, value]) => `${variable}=${value}`),
      ...(entrypoint ? { Entrypoint: entrypoint } : {}),
      ...(user ? { User: user } : {}),
      ...(workingFolder ? { WorkingDir: workingFolder } : {}),
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ sha256 }) => `sha256:${sha256}`) },
  });
  const manifest = await put("manifest.v1+json", {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config,
    layers: layers.map(({ sha256, sizeBytes }) => ({
      mediaType: "application/vnd.oci.image.layer.v1.tar",
      digest: `sha256:${sha256}`,
      size: sizeBytes,
    })),
  });
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations: { "io.containerd.image.name": name } }] };
  await writeFile(path.join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await writeFile(path.join(layout, "index.json"), JSON.stringify(index));
}

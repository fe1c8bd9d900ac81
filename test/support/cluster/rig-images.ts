/** Images of the rig: made here, and known to the rig's containerd once imported. */
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { sha256OfFile } from "../../../src/automation/toolchain/verified-executable.ts";
import { pauseImage } from "./node-configuration.ts";
import { type ImageSettings, packLayer, writeImage } from "./oci-image.ts";
import type { RigPlace } from "./rig-place.ts";
import { run } from "./run.ts";
import { ctr } from "./start-programs.ts";

/** For test pods: every small program of BusyBox, and a shell. */
export const testImage = "onvera.local/busybox:2";

/** Without a registry the pause image, which every pod needs, is made here: one static program and nothing else. */
export async function importPauseImage(place: RigPlace, pauseProgram: string): Promise<void> {
  await importOnce(place, pauseImage, { entrypoint: ["/pause"], user: "65534:65534" }, (root) =>
    copyFile(pauseProgram, path.join(root, "pause")),
  );
}

const libraries = `/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;
const loader = process.arch === "arm64" ? "/lib/ld-linux-aarch64.so.1" : "/lib64/ld-linux-x86-64.so.2";
const nameLookupFiles = [loader, `${libraries}/libc.so.6`, `${libraries}/libresolv.so.2`];

/** Debian's static BusyBox under all of its names. */
export async function importTestImage(place: RigPlace): Promise<void> {
  const settings = { user: "65534:65534", environment: { PATH: "/bin" } };
  await importOnce(place, testImage, settings, addBusybox);
}

/** Puts BusyBox and what it needs to look names up into an image's root. */
export async function addBusybox(root: string): Promise<void> {
  await mkdir(path.join(root, "bin"));
  await copyFile("/bin/busybox", path.join(root, "bin", "busybox"));
  const names = (await run("/bin/busybox", ["--list"])).trim().split("\n");
  for (const name of names) if (name !== "busybox") await symlink("busybox", path.join(root, "bin", name));
  // Even a static program loads the C library to look names up.
  for (const file of nameLookupFiles) {
    await mkdir(path.join(root, path.dirname(file)), { recursive: true });
    await copyFile(file, path.join(root, file));
  }
  await mkdir(path.join(root, "etc"));
  await writeFile(path.join(root, "etc", "nsswitch.conf"), "hosts: files dns\n");
}

/** An image of one static program. @returns its name, which tells one build from another */
export async function importProgramImage(place: RigPlace, name: string, program: string): Promise<string> {
  const image = `onvera.local/${name}:${(await sha256OfFile(program)).slice(0, 12)}`;
  await importOnce(place, image, { entrypoint: [`/${name}`], user: "65534:65534" }, (root) =>
    copyFile(program, path.join(root, name)),
  );
  return image;
}

/** Makes and imports an image the rig does not have yet. @param fill puts its files into an empty folder */
export async function importOnce(
  place: RigPlace,
  name: string,
  settings: ImageSettings,
  fill: (root: string) => Promise<void>,
): Promise<void> {
  if ((await imageNames(place)).includes(name)) return;
  const folder = await mkdtemp(path.join(os.tmpdir(), "onvera-image-"));
  try {
    const root = path.join(folder, "root");
    await mkdir(root);
    await fill(root);
    const layout = path.join(folder, "layout");
    await writeImage(layout, name, [await packLayer(root, folder)], settings);
    await importImage(place, layout);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes an image known to the rig. @param layout a folder in the form that OCI gives images on disk */
export async function importImage(place: RigPlace, layout: string): Promise<void> {
  const importing = `tar -C "$1" -cf - . | ctr --address "$2" --namespace k8s.io images import -`;
  await run("bash", ["-o", "pipefail", "-c", importing, "rig", layout, place.containerdSocket]);
}

/** Digest of what a name stands for in the rig; undefined where it stands for nothing. */
export async function imageDigest(place: RigPlace, name: string): Promise<string | undefined> {
  const lines = (await ctr(place, ["images", "list", `name==${name}`])).trim().split("\n").slice(1);
  return /\bsha256:[0-9a-f]{64}\b/.exec(lines.join(" "))?.[0];
}

/** Names of the images the rig has. */
async function imageNames(place: RigPlace): Promise<string[]> {
  return (await ctr(place, ["images", "list", "--quiet"])).trim().split("\n");
}

/** Removes what pods of an earlier run left in containerd's store, which outlives the rig for the sake of its images. */
export async function forgetContainers(place: RigPlace): Promise<void> {
  const names = (await ctr(place, ["containers", "list", "--quiet"])).trim().split("\n").filter(Boolean);
  if (names.length > 0) await ctr(place, ["containers", "delete", ...names]);
}

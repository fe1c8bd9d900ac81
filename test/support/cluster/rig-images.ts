/** Images of the rig: OCI archives made here, and known to the rig's containerd once imported. */
import { copyFile, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { pauseImage } from "./node-configuration.ts";
import type { RigPlace } from "./rig-place.ts";
import { run } from "./run.ts";
import { ctr } from "./start-programs.ts";

/** For test pods: every small program of BusyBox, and a shell. */
export const testImage = "onvera.local/busybox:1";

/** Without a registry the pause image, which every pod needs, is made here: one static program and nothing else. */
export async function importPauseImage(place: RigPlace, pauseProgram: string): Promise<void> {
  await importOnce(place, pauseImage, { entrypoint: ["/pause"], user: "65534:65534" }, (root) =>
    copyFile(pauseProgram, path.join(root, "pause")),
  );
}

/** Debian's static BusyBox under all of its names. */
export async function importTestImage(place: RigPlace): Promise<void> {
  const settings = { entrypoint: [], user: "65534:65534", environment: { PATH: "/bin" } };
  await importOnce(place, testImage, settings, async (root) => {
    await mkdir(path.join(root, "bin"));
    await copyFile("/bin/busybox", path.join(root, "bin", "busybox"));
    const names = (await run("/bin/busybox", ["--list"])).trim().split("\n");
    for (const name of names) if (name !== "busybox") await symlink("busybox", path.join(root, "bin", name));
  });
}

/** Makes and imports an image the rig does not have yet. @param fill puts its files into an empty folder */
async function importOnce(
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
    await importImage(place, await imageOfFolder(root, path.join(folder, "image.tar"), name, settings));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface ImageSettings {
  entrypoint: string[];
  /** `uid:gid` */
  user?: string;
  environment?: Record<string, string>;
  workingFolder?: string;
}

/**
 * Packs a folder as an image with one layer.
 * @param archive the file to write
 * @returns the archive
 */
async function imageOfFolder(root: string, archive: string, name: string, settings: ImageSettings): Promise<string> {
  const storage = await mkdtemp(path.join(os.tmpdir(), "onvera-buildah-"));
  const buildah = (...args: string[]) =>
    run("buildah", [
      "--root",
      path.join(storage, "root"),
      "--runroot",
      path.join(storage, "run"),
      "--storage-driver",
      "vfs",
      ...args,
    ]);
  try {
    const container = (await buildah("from", "scratch")).trim();
    await buildah("add", "--quiet", container, root, "/");
    const { entrypoint, user, environment = {}, workingFolder } = settings;
    const variables = Object.entries(environment).flatMap(([variable, value]) => ["--env", `${variable}=${value}`]);
    const options = [
      ...variables,
      ...(user ? ["--user", user] : []),
      ...(workingFolder ? ["--workingdir", workingFolder] : []),
    ];
    const first = entrypoint.length > 0 ? ["--entrypoint", JSON.stringify(entrypoint)] : [];
    await buildah("config", ...first, ...options, container);
    await buildah("commit", "--quiet", "--disable-compression", container, `oci-archive:${archive}:${name}`);
    return archive;
  } finally {
    await rm(storage, { recursive: true, force: true });
  }
}

/** Makes an archive's image known to the rig. */
async function importImage(place: RigPlace, archive: string): Promise<void> {
  await ctr(place, ["images", "import", archive]);
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

/** An older version of this repository, built by itself in a scratch folder: what runs is its own code, not ours with older knowledge. */
import { execFile, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The source and the bundle both lie two folders below the checkout. */
const checkout = fileURLToPath(new URL("../../", import.meta.url));

export interface OlderBuild {
  commit: string;
  /** When it was committed, and how it is called. */
  title: string;
  /** Its `./onvera`. */
  launcher: string;
  remove(): Promise<void>;
}

/**
 * Unpacks and builds a commit of this repository.
 * @param ref commit, branch or tag
 * @param root the checkout whose history is asked
 * @throws Error that says what to do when there is no history, or no such commit in it; or with the build's messages
 */
export async function buildOlder(ref: string, root = checkout): Promise<OlderBuild> {
  const commit = await commitOf(ref, root);
  const { stdout: title } = await run("git", ["show", "-s", "--format=%cI %s", commit], { cwd: root });
  const folder = await mkdtemp(path.join(os.tmpdir(), "onvera-older-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await unpack(commit, root, folder);
    await lendPackages(root, folder);
    const launcher = path.join(folder, "onvera");
    // Its own launcher installs what differs from ours and builds.
    await run(launcher, ["version"], { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
    return { commit, title: title.trim(), launcher, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function commitOf(ref: string, root: string): Promise<string> {
  try {
    const { stdout } = await run("git", ["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`], {
      cwd: root,
    });
    return stdout.trim();
  } catch (cause) {
    throw new Error(
      `The history of this checkout has no commit '${ref}', so that version cannot be built. Take a clone with its history (git fetch --unshallow) and a commit or tag that 'git log' shows.`,
      { cause },
    );
  }
}

function unpack(commit: string, root: string, folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const archive = spawn("git", ["archive", "--format=tar", commit], {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const tar = spawn("tar", ["-x", "-C", folder], { stdio: [archive.stdout, "ignore", "inherit"] });
    archive.once("error", reject);
    tar.once("error", reject);
    tar.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`${commit} could not be unpacked to ${folder}.`)),
    );
  });
}

/** Packages are installed anew only where that version asks for others. */
async function lendPackages(root: string, folder: string): Promise<void> {
  const lockOf = (of: string) => readFile(path.join(of, "package-lock.json"));
  if (!(await lockOf(root)).equals(await lockOf(folder))) return;
  const packages = path.join(folder, "node_modules");
  await mkdir(packages);
  await run("sh", [
    "-c",
    'for each in "$0"/*; do ln -s "$each" "$1/"; done',
    path.join(root, "node_modules"),
    packages,
  ]);
  for (const name of [".package-lock.json", ".onvera-lock"]) {
    await cp(path.join(root, "node_modules", name), path.join(packages, name)).catch(() => undefined);
  }
  await symlink(path.join(root, "node_modules", ".bin"), path.join(packages, ".bin"));
}

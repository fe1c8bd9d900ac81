/** Images of the apps: Debian, and the same locked Python set that a local deployment runs from. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { APP_IMAGE_FOLDER, APP_IMAGE_UID, appImage } from "../../../src/domain/app-images.ts";
import { withLock } from "../../../src/local/lock-file.ts";
import { findAppsFolder, type PackageSource, readPackageSource } from "../../../src/local/packages/apps-folder.ts";
import { installerEnvironment } from "../../../src/local/packages/installer-environment.ts";
import { addScripts, environmentCommands } from "../../../src/local/packages/shared-environment.ts";
import { ensureUv } from "../../../src/local/packages/uv.ts";
import { resolvePaths } from "../../../src/local/paths.ts";
import { type Layer, packLayer, writeImage } from "./oci-image.ts";
import { imageNames, importImage } from "./rig-images.ts";
import type { RigPlace } from "./rig-place.ts";
import { run } from "./run.ts";

/** What most tests deploy. */
export const newestLocks = ["superset/6.1.0", "airflow/3.3.2"];

/** Below the cache, shared by all rigs: finished images, and the layer of Debian that all of them stand on. */
const store = () => path.join(resolvePaths().cache, "cluster", "app-images");

/** What apps need of Debian besides the smallest system; git fetches DAGs. */
const debianPackages = ["python3", "git", "openssh-client", "ca-certificates", "netbase", "tzdata"];
const leftOut = [
  "dev/*",
  "proc/*",
  "sys/*",
  "var/cache/apt/*",
  "var/lib/apt/lists/*",
  "usr/share/doc/*",
  "usr/share/man/*",
];

const settings = {
  user: `${APP_IMAGE_UID}:${APP_IMAGE_UID}`,
  environment: { PATH: `${APP_IMAGE_FOLDER}/bin:/usr/bin:/bin`, LANG: "C.UTF-8", HOME: "/tmp" },
  workingFolder: "/tmp",
};

/**
 * Makes the rig have the image of a package: made at the first call, imported once for each rig.
 * @param lock `superset/6.1.0`
 * @returns the image's full reference
 * @throws SetupError or Error when a download or a build fails
 */
export async function ensureAppImage(place: RigPlace, lock: string, tell: (line: string) => void): Promise<string> {
  const source = await readPackageSource(findAppsFolder(), lock);
  const { digest } = source;
  const name = appImage("onvera.local", lock, digest);
  if ((await imageNames(place)).includes(name)) return name;
  await mkdir(store(), { recursive: true });
  const layout = path.join(store(), `${lock.replace("/", "-")}-${digest.slice(0, 12)}`);
  await withLock(path.join(store(), "lock"), {}, async () => {
    if (existsSync(layout)) return;
    const base = await debianLayer(tell);
    tell(`making the image ${name}, once: about a minute`);
    const draft = `${layout}.part`;
    await rm(draft, { recursive: true, force: true });
    await writeImage(draft, name, [base, await environmentLayer(source), await scriptsLayer(source)], settings);
    await rename(draft, layout);
  });
  await importImage(place, layout);
  return name;
}

/** The smallest Debian of this machine's release with Python, as one layer. */
async function debianLayer(tell: (line: string) => void): Promise<Layer> {
  const release = /^VERSION_CODENAME=(\w+)/m.exec(await readFile("/etc/os-release", "utf8"))?.[1] ?? "stable";
  return keptLayer(`debian-${release}`, async (root) => {
    tell(`fetching the Debian packages that the apps' images stand on (${release}), once: about two minutes`);
    await run("debootstrap", ["--variant=minbase", `--include=${debianPackages.join(",")}`, release, root]);
    const user = `onvera:x:${APP_IMAGE_UID}:${APP_IMAGE_UID}::/tmp:/usr/sbin/nologin\n`;
    await appendFile(path.join(root, "etc/passwd"), user);
    await appendFile(path.join(root, "etc/group"), `onvera:x:${APP_IMAGE_UID}:\n`);
  });
}

/**
 * The environment of one lock. It knows its own path and its Python's, so it is made at the path it has in the image:
 * for the installer alone, a scratch folder stands in for `/opt`.
 */
async function environmentLayer(source: PackageSource): Promise<Layer> {
  const key = createHash("sha256").update(source.lockText).digest("hex").slice(0, 12);
  return keptLayer(`${source.app}-${source.version}-environment-${key}`, async (root) => {
    const appsFolder = findAppsFolder();
    const uv = await ensureUv({ appsFolder, paths: resolvePaths() });
    const python = await realpath("/usr/bin/python3");
    for (const command of environmentCommands({ uv, python, folder: APP_IMAGE_FOLDER, source, appsFolder }))
      await runInImage(root, command);
  });
}

/** Our own files of a package, apart: they change more often than the lock. */
async function scriptsLayer(source: PackageSource): Promise<Layer> {
  return keptLayer(`${source.app}-${source.version}-scripts-${source.digest.slice(0, 12)}`, async (root) => {
    await addScripts(source, path.join(root, APP_IMAGE_FOLDER));
    await runInImage(root, ["/usr/bin/python3", "-m", "compileall", "-q", path.join(APP_IMAGE_FOLDER, "share")]);
  });
}

/** A layer made once. @param fill puts its files into an empty root */
async function keptLayer(name: string, fill: (root: string) => Promise<void>): Promise<Layer> {
  const known = path.join(store(), `${name}.json`);
  if (existsSync(known)) return JSON.parse(await readFile(known, "utf8"));
  const root = path.join(store(), `${name}.part`);
  await rm(root, { recursive: true, force: true });
  await mkdir(path.join(root, path.dirname(APP_IMAGE_FOLDER)), { recursive: true, mode: 0o755 });
  await fill(root);
  const layer = await packLayer(root, store(), leftOut);
  await rm(root, { recursive: true, force: true });
  await writeFile(known, JSON.stringify(layer));
  return layer;
}

/** Runs a command of this machine that finds the image's `/opt` in the place of this machine's. */
async function runInImage(root: string, command: string[]): Promise<void> {
  const opt = path.dirname(APP_IMAGE_FOLDER);
  const environment = Object.entries(installerEnvironment({ UV_CACHE_DIR: resolvePaths().uvCache }));
  const script = 'mount --bind "$0" "$1" && shift && umask 022 && exec "$@"';
  await run("unshare", [
    ...["--mount", "--propagation", "private", "sh", "-c", script, path.join(root, opt), opt],
    ...["env", "-i", ...environment.map(([name, value]) => `${name}=${value}`), ...command],
  ]);
}

/** Images of the apps: Debian, and the same locked Python set that a local deployment runs from. */
import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { APP_IMAGE_FOLDER, APP_IMAGE_UID, appImage } from "../../../src/domain/app-images.ts";
import { withLock } from "../../../src/local/lock-file.ts";
import { findAppsFolder, readPackageSource } from "../../../src/local/packages/apps-folder.ts";
import { installerEnvironment } from "../../../src/local/packages/installer-environment.ts";
import { addScripts, compileCommand, environmentCommands } from "../../../src/local/packages/shared-environment.ts";
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
  const { digest } = await readPackageSource(findAppsFolder(), lock);
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
    await writeImage(draft, name, [base, await appLayer(lock)], settings);
    await rename(draft, layout);
  });
  await importImage(place, layout);
  return name;
}

/** The smallest Debian of this machine's release with Python, as one layer. */
async function debianLayer(tell: (line: string) => void): Promise<Layer> {
  const release = /^VERSION_CODENAME=(\w+)/m.exec(await readFile("/etc/os-release", "utf8"))?.[1] ?? "stable";
  const known = path.join(store(), `debian-${release}.json`);
  if (existsSync(known)) return JSON.parse(await readFile(known, "utf8"));
  tell(`fetching the Debian packages that the apps' images stand on (${release}), once: about two minutes`);
  const root = path.join(store(), "debian.part");
  await rm(root, { recursive: true, force: true });
  await run("debootstrap", ["--variant=minbase", `--include=${debianPackages.join(",")}`, release, root]);
  await appendFile(
    path.join(root, "etc/passwd"),
    `onvera:x:${APP_IMAGE_UID}:${APP_IMAGE_UID}::/tmp:/usr/sbin/nologin\n`,
  );
  await appendFile(path.join(root, "etc/group"), `onvera:x:${APP_IMAGE_UID}:\n`);
  const layer = await packLayer(root, store(), leftOut);
  await rm(root, { recursive: true, force: true });
  await writeFile(known, JSON.stringify(layer));
  return layer;
}

/**
 * The environment of one lock. It knows its own path and its Python's, so it is made at the path it has in the image:
 * for the installer alone, a scratch folder stands in for `/opt`.
 */
async function appLayer(lock: string): Promise<Layer> {
  const appsFolder = findAppsFolder();
  const source = await readPackageSource(appsFolder, lock);
  const paths = resolvePaths();
  const uv = await ensureUv({ appsFolder, paths });
  const root = path.join(store(), "app.part");
  const opt = path.join(root, path.dirname(APP_IMAGE_FOLDER));
  await rm(root, { recursive: true, force: true });
  await mkdir(opt, { recursive: true, mode: 0o755 });
  const environment = Object.entries(installerEnvironment({ UV_CACHE_DIR: paths.uvCache }));
  const script = 'mount --bind "$0" "$1" && shift && umask 022 && exec "$@"';
  const inPlace = (command: string[]) =>
    run("unshare", [
      ...["--mount", "--propagation", "private", "sh", "-c", script, opt, path.dirname(APP_IMAGE_FOLDER)],
      ...["env", "-i", ...environment.map(([name, value]) => `${name}=${value}`), ...command],
    ]);
  const python = await realpath("/usr/bin/python3");
  const folder = APP_IMAGE_FOLDER;
  for (const command of environmentCommands({ uv, python, folder, source, appsFolder })) await inPlace(command);
  await addScripts(source, path.join(root, APP_IMAGE_FOLDER));
  await inPlace(compileCommand(folder));
  const layer = await packLayer(root, store());
  await rm(root, { recursive: true, force: true });
  return layer;
}

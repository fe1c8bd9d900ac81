/** Images of the apps: Debian, and the same locked Python set that a local deployment runs from. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, copyFile, mkdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { APP_IMAGE_FOLDER, APP_IMAGE_UID, appImage } from "../../../src/domain/app-images.ts";
import { withLock } from "../../../src/local/lock-file.ts";
import { findAppsFolder, type PackageSource, readPackageSource } from "../../../src/local/packages/apps-folder.ts";
import { installerEnvironment } from "../../../src/local/packages/installer-environment.ts";
import { addScripts, environmentCommands } from "../../../src/local/packages/shared-environment.ts";
import { ensureUv } from "../../../src/local/packages/uv.ts";
import { resolvePaths } from "../../../src/local/paths.ts";
import { imageStore, keptLayer } from "./image-store.ts";
import { type Layer, manifestDigest, writeImage } from "./oci-image.ts";
import { outsideAuthority } from "./outside-authority.ts";
import { imageDigest, importImage } from "./rig-images.ts";
import type { RigPlace } from "./rig-place.ts";
import { run } from "./run.ts";

/** What most tests deploy. */
export const newestLocks = ["superset/6.1.0", "airflow/3.3.2"];

/** What apps need of Debian besides the smallest system; git fetches DAGs. */
const debianPackages = ["python3", "git", "openssh-client", "ca-certificates", "netbase", "tzdata"];
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
  await mkdir(imageStore(), { recursive: true });
  const layout = await withLock(path.join(imageStore(), "lock"), {}, async () => {
    const base = await debianLayer(tell);
    const tools = await toolsLayer(base);
    const own = `${lock.replace("/", "-")}-${digest.slice(0, 12)}-${tools.sha256.slice(0, 12)}`;
    const made = path.join(imageStore(), own);
    if (existsSync(made)) return made;
    tell(`making the image ${name}, once: about a minute`);
    const draft = `${made}.part`;
    await rm(draft, { recursive: true, force: true });
    const layers = [base, tools, await environmentLayer(source), await scriptsLayer(source)];
    await writeImage(draft, name, layers, settings);
    await rename(draft, made);
    return made;
  });
  // The same name may have stood for other tools.
  if ((await imageDigest(place, name)) !== (await manifestDigest(layout))) await importImage(place, layout);
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

/** What set-up Jobs need besides: the package installer, and the tests' own authority among those that are trusted. */
async function toolsLayer(base: Layer): Promise<Layer> {
  const uv = await ensureUv({ appsFolder: findAppsFolder(), paths: resolvePaths() });
  const authority = await outsideAuthority();
  const key = createHash("sha256").update(`${base.sha256} ${uv} ${authority}`).digest("hex").slice(0, 12);
  return keptLayer(`tools-${key}`, async (root) => {
    const [bin, trusted] = [path.join(root, "usr/local/bin"), path.join(root, "etc/ssl/certs")];
    for (const folder of [bin, trusted]) await mkdir(folder, { recursive: true, mode: 0o755 });
    await copyFile(uv, path.join(bin, "uv"));
    const bundle = "etc/ssl/certs/ca-certificates.crt";
    const others = await run("tar", ["-xOf", base.file, `./${bundle}`]);
    await writeFile(path.join(root, bundle), `${others}${authority}`, { mode: 0o644 });
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

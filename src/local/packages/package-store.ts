/** Packages as the rest of the product asks for them: installed once, found by name, added to per deployment. */
import type { Progress } from "../../domain/progress.ts";
import { SetupError } from "../../domain/setup-error.ts";
import { findAppsFolder, readPackageSource } from "./apps-folder.ts";
import { buildOverlay } from "./overlay.ts";
import type { Owner, PackagePaths } from "./package-paths.ts";
import { ensurePackage, type InstalledPackage, installedPackage } from "./shared-environment.ts";
import { ensureUv } from "./uv.ts";

export interface PackageStoreOptions {
  paths: PackagePaths;
  /** Folder with the locks; found beside the program when it is not given. */
  appsFolder?: string;
  /** Some user the apps may run as; null where they run as ourselves. */
  owner: Owner | null;
}

export interface OverlayRequest {
  lock: string;
  extraRequirements: string[];
  folder: string;
  owner: Owner | null;
  signal?: AbortSignal;
}

export interface PackageStore {
  /** Installs what is missing. Safe to call at once from several processes. */
  install(lock: string, options?: { progress?: Progress; signal?: AbortSignal }): Promise<InstalledPackage>;
  /** Hash of a lock and its scripts, installed or not. */
  digest(lock: string): Promise<string>;
  /** Folder of an installed package. @throws SetupError `package-failed` when it is not installed */
  packageFolder(lock: string): Promise<string>;
  /** Folder to run from with these additions. @throws SetupError `package-conflict` when they do not fit the app */
  ensureOverlay(request: OverlayRequest): Promise<string>;
}

/** Opens the store; nothing is touched before the first call. */
export function createPackageStore({ paths, owner, appsFolder }: PackageStoreOptions): PackageStore {
  const apps = () => appsFolder ?? findAppsFolder();
  const installed = async (lock: string): Promise<InstalledPackage> => {
    const found = await installedPackage(paths, await readPackageSource(apps(), lock));
    if (found !== undefined) return found;
    throw new SetupError("package-failed", {
      what: `The package ${lock} is not installed`,
      why: `nothing that fits this version of Onvera is in ${paths.venvs}.`,
      nextStep: "Run the operation again: it installs the package first.",
    });
  };
  return {
    install: (lock, options = {}) => ensurePackage({ lock, appsFolder: apps(), paths, owner, ...options }),
    digest: async (lock) => (await readPackageSource(apps(), lock)).digest,
    packageFolder: async (lock) => (await installed(lock)).path,
    async ensureOverlay({ lock, signal, ...request }) {
      const shared = await installed(lock);
      if (request.extraRequirements.length === 0) return shared.path;
      const options = signal ? { signal } : {};
      const uv = await ensureUv({ appsFolder: apps(), paths, ...options });
      return await buildOverlay({ ...request, uv, shared: shared.path, ...options });
    },
  };
}

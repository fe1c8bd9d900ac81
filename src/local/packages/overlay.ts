/** A deployment's own requirements: a second environment on top of the shared one, made and owned by its user. */
import { chown, mkdir } from "node:fs/promises";
import path from "node:path";
import { installerEnvironment, withoutCredentials } from "./installer-environment.ts";
import { installerFailure } from "./installer-failure.ts";
import type { Owner } from "./package-paths.ts";
import { requirementConflict } from "./requirement-conflict.ts";
import { runProgram } from "./run-program.ts";

export interface OverlayBuild {
  uv: string;
  /** Folder of the shared environment. */
  shared: string;
  extraRequirements: readonly string[];
  /** The deployment's folder for overlays; each set of requirements gets a folder of its own in it. */
  folder: string;
  owner: Owner | null;
  signal?: AbortSignal;
}

/** apps/common/onvera_overlay.py says so when no versions fit. */
const doesNotFit = 3;

/**
 * Installs the requirements on top of the shared environment and answers the folder to run from. A running app keeps
 * the overlay it was started with: the one before the newest is left in place.
 * @throws SetupError `package-conflict` (the customer's to mend), `network`, `disk-full`, `package-failed`, `canceled`
 */
export async function buildOverlay(build: OverlayBuild): Promise<string> {
  const { uv, shared, folder, owner, signal } = build;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (owner) await chown(folder, owner.uid, owner.gid);
  const cache = path.join(folder, ".cache");
  const env = withoutCredentials(installerEnvironment({ HOME: folder, UV_CACHE_DIR: cache, UV_NO_CONFIG: "1" }));
  const script = path.join(shared, "share", "onvera", "onvera_overlay.py");
  const made = await runProgram({
    command: [path.join(shared, "bin", "python"), "-I", script],
    cwd: folder,
    env,
    stdin: JSON.stringify({ uv, folder, requirements: build.extraRequirements }),
    owner,
    ...(signal ? { signal } : {}),
  });
  const overlay = made.stdout.trim().split("\n").at(-1) ?? "";
  if (made.exitCode === 0 && path.dirname(overlay) === folder) return overlay;
  const conflict = made.exitCode === doesNotFit ? requirementConflict(made.stderr) : undefined;
  throw conflict ?? installerFailure("the extra requirements", made.stderr, folder);
}

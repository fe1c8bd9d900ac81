/** What the supervisor needs of the package store: where an app's code is, and a place for a deployment's additions. */

export interface OverlayRequest {
  /** `superset/6.1.0` */
  lock: string;
  extraRequirements: string[];
  /** The overlay goes here: empty or an earlier overlay of the same deployment. */
  folder: string;
  /** Who runs the installer and owns the overlay; null when the supervisor is not root. */
  owner: { uid: number; gid: number } | null;
}

export interface PackageResolver {
  /** The shared, read-only environment of a lock. @throws Error when it is not installed. */
  packageFolder(lock: string): Promise<string>;
  /** Installs the additions on top of it; answers the folder to run from. Repeating it is cheap. */
  ensureOverlay(request: OverlayRequest): Promise<string>;
}

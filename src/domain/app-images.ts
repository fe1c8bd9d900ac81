/** How the images of the apps are called, and what every one of them promises the pods that are made of it. */

/** The app's environment lies here in every image; its Python is `bin/python`. */
export const APP_IMAGE_FOLDER = "/opt/app";

/** The uid and gid of the images' own user, which owns nothing in them. */
export const APP_IMAGE_UID = 10_001;

/**
 * The full reference of the image that holds a package.
 * @param prefix registry and path (`onvera.local`)
 * @param lock `superset/6.1.0`
 * @param digest hash of the lock and its scripts: another package is another image
 */
export function appImage(prefix: string, lock: string, digest: string): string {
  const [app = "", version = ""] = lock.split("/");
  return `${prefix}/${app}:${version}-${digest.slice(0, 12)}`;
}

/**
 * An image that stands in Superset's place where a test is about the platform, not the app: its set-up job does nothing and
 * its web process answers the health path, both within a second.
 */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { defaultVersion } from "../../../src/domain/app-catalog.ts";
import { APP_IMAGE_FOLDER, appImage } from "../../../src/domain/app-images.ts";
import { findAppsFolder, readPackageSource } from "../../../src/local/packages/apps-folder.ts";
import { addBusybox, importOnce } from "./rig-images.ts";
import type { RigPlace } from "./rig-place.ts";

/** Given to a deployment's environment, it makes job and web process wait until they are let go. */
export const waitForGo = { WAIT_FOR_GO: "1" };

/** The file a part of the app waits for; in the data volume, so that later pods need not be let go again. */
export const goFile = (part: "bootstrap" | "web"): string => `/var/lib/onvera/data/go-${part}`;

/** Called as Python is; which part it is called for stands in its arguments. */
const python = `#!/bin/sh
held() { [ -z "$WAIT_FOR_GO" ] || until [ -e "$1" ]; do sleep 0.1; done; }
case "$*" in
*bootstrap.py*) held ${goFile("bootstrap")}; exit 0 ;;
esac
held ${goFile("web")}
trap 'exit 0' TERM
httpd -f -p 8080 -h ${APP_IMAGE_FOLDER}/www &
wait
`;

/**
 * Makes the rig have it under the name of Superset's image.
 * @returns the registry and path to register the cluster with
 */
export async function ensureTinyApp(place: RigPlace): Promise<string> {
  const lock = `superset/${defaultVersion("superset")}`;
  const { digest } = await readPackageSource(findAppsFolder(), lock);
  // Another script is another image.
  const images = `onvera.local/tiny-${createHash("sha256").update(python).digest("hex").slice(0, 8)}`;
  await importOnce(place, appImage(images, lock, digest), { environment: { PATH: "/bin" } }, async (root) => {
    await addBusybox(root);
    for (const folder of ["tmp", `${APP_IMAGE_FOLDER}/bin`, `${APP_IMAGE_FOLDER}/www`])
      await mkdir(path.join(root, folder), { recursive: true });
    await writeFile(path.join(root, APP_IMAGE_FOLDER, "bin", "python"), python, { mode: 0o755 });
    await writeFile(path.join(root, APP_IMAGE_FOLDER, "www", "health"), "OK");
  });
  return images;
}

/** Finds files of the build. Bundling moves code between dist/main and dist/chunks, so the way up is walked, not assumed. */
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Path of a file in dist/.
 * @throws Error when this code does not run from a build
 */
export function distFile(name: string): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, "cli.js"))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error("This is not a build of Onvera. Run 'npm run build', or use ./onvera.");
    folder = parent;
  }
  return path.join(folder, name);
}

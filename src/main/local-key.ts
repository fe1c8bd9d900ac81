/** The API key this machine's CLI uses: made at the first start, readable by the installation's own user only. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { OnveraPaths } from "../local/paths.ts";

/** Where the key is kept, mode 0600. */
export const localKeyFile = (paths: OnveraPaths): string => path.join(paths.secrets, "cli-api-key");

/** Where the first admin's e-mail and password are kept, mode 0600. */
export const firstAdminFile = (paths: OnveraPaths): string => path.join(paths.secrets, "first-admin.json");

/** The key, or undefined when there is none yet or the caller may not read it. */
export function readLocalKey(paths: OnveraPaths): string | undefined {
  try {
    return readFileSync(localKeyFile(paths), "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

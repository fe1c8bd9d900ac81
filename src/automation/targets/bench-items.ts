/** The ledger files that `onvera:bench:Item` makes, one each: the bench app's only trace outside the state. */
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { OwnedThing } from "../worker/target-driver.ts";

const SUFFIX = ".json";

/** Whether the item is there. */
export const benchItemExists = (ledgerFolder: string, deploymentId: string, name: string): boolean =>
  existsSync(join(ledgerFolder, deploymentId, `${name}${SUFFIX}`));

/** Every item of the deployment. @throws the file system's error, but for a folder that is not there */
export async function benchItems(ledgerFolder: string, deploymentId: string): Promise<OwnedThing[]> {
  const files = await readdir(join(ledgerFolder, deploymentId)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return files
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => ({ type: "onvera:bench:Item", physicalId: name.slice(0, -SUFFIX.length), detail: "ledger file" }));
}

/** Removes it; absent is fine. */
export const removeBenchItem = (ledgerFolder: string, deploymentId: string, name: string): Promise<void> =>
  rm(join(ledgerFolder, deploymentId, `${name}${SUFFIX}`), { force: true });

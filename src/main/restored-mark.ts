/** The note in a restored home that its database still believes to be where it was; it goes with the first start. */
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { systemErrorCode } from "../domain/setup-error.ts";

const RestoredMark = z.object({
  /** When the backup was made. */
  createdAt: z.string(),
  restoredAt: z.string(),
  /** Where the installation was. */
  from: z.string(),
  /** Name of the database where that was on a server of the owner's own, and is none of what was restored. */
  externalDatabase: z.string().optional(),
});
export type RestoredMark = z.infer<typeof RestoredMark>;

const markFile = (home: string): string => path.join(home, "restored.json");

export const writeRestoredMark = (home: string, mark: RestoredMark): Promise<void> =>
  writeFile(markFile(home), `${JSON.stringify(mark)}\n`, { mode: 0o600, flush: true });

/** @returns undefined where nothing was restored, or the first start after it has been */
export async function readRestoredMark(home: string): Promise<RestoredMark | undefined> {
  try {
    return RestoredMark.parse(JSON.parse(await readFile(markFile(home), "utf8")));
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

export const removeRestoredMark = (home: string): Promise<void> => rm(markFile(home), { force: true });

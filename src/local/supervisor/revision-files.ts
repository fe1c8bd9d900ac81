/** Where workers put revision files and the supervisor finds them: `<deployment_id>/<revision>.json`, the workload sealed. */
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { openFromFile, sealInFile } from "./file-seal.ts";
import { supervisorPaths } from "./paths.ts";
import type { RevisionFile } from "./protocol.ts";
import { readJsonFile } from "./state-file.ts";

export interface RevisionFiles {
  /** Puts a revision in place, in one step: the supervisor never reads half a file. @throws the system's error */
  write(content: RevisionFile): Promise<void>;
  /** The file's content, opened; undefined when there is none. @throws SealError when another node wrote it */
  read(deploymentId: string, revision: string): unknown;
  /** Removes all of a deployment's; absent is fine. */
  remove(deploymentId: string): Promise<void>;
}

/** The revision files below a home folder. */
export function revisionFiles(home: string): RevisionFiles {
  const { revisions, sealingKey } = supervisorPaths(home);
  const folderOf = (deploymentId: string) => path.join(revisions, deploymentId);
  const fileOf = (deploymentId: string, revision: string) => path.join(folderOf(deploymentId), `${revision}.json`);
  // A customer's variables, connections and settings stand anywhere in a workload, so that all of it is sealed.
  const place = (deploymentId: string, revision: string) => `revision|${deploymentId}|${revision}|workload`;

  return {
    async write(content) {
      const { deploymentId, revision, workload } = content;
      await mkdir(folderOf(deploymentId), { recursive: true, mode: 0o700 });
      const file = fileOf(deploymentId, revision);
      const stored = { ...content, workload: sealInFile(sealingKey, workload, place(deploymentId, revision)) };
      await writeFile(`${file}.part`, JSON.stringify(stored), { mode: 0o600 });
      await rename(`${file}.part`, file);
    },

    read(deploymentId, revision) {
      const stored = readJsonFile(fileOf(deploymentId, revision));
      if (typeof stored !== "object" || stored === null || !("workload" in stored)) return stored;
      return { ...stored, workload: openFromFile(sealingKey, stored.workload, place(deploymentId, revision)) };
    },

    remove: (deploymentId) => rm(folderOf(deploymentId), { recursive: true, force: true }),
  };
}

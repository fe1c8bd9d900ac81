/** The revision file a worker wrote: the only place commands, files and environment come from. */
import path from "node:path";
import { Workload } from "../../domain/workload.ts";
import { RevisionFile } from "./protocol.ts";
import { RequestError } from "./request-error.ts";
import { readJsonFile } from "./state-file.ts";

export type Revision = Omit<RevisionFile, "workload"> & { workload: Workload };

/**
 * Reads and checks a revision.
 * @throws RequestError 404 when it is not there, 422 when it is not one or belongs to another deployment
 */
export function readRevision(revisionsFolder: string, deploymentId: string, revision: string): Revision {
  const file = path.join(revisionsFolder, deploymentId, `${revision}.json`);
  const content = readJsonFile(file);
  if (content === undefined) {
    throw new RequestError(
      404,
      "REVISION_NOT_FOUND",
      `There is no revision ${revision} of ${deploymentId}; write it first.`,
    );
  }
  const outer = RevisionFile.safeParse(content);
  if (!outer.success) throw invalid(revision, outer.error.issues);
  const workload = Workload.safeParse(outer.data.workload);
  if (!workload.success) throw invalid(revision, workload.error.issues);
  if (outer.data.deploymentId !== deploymentId) {
    throw new RequestError(422, "REVISION_INVALID", `Revision ${revision} belongs to ${outer.data.deploymentId}.`);
  }
  return { ...outer.data, workload: workload.data };
}

function invalid(revision: string, issues: { path: PropertyKey[]; message: string }[]): RequestError {
  const first = issues[0];
  const where = first?.path.map(String).join(".") ?? "";
  return new RequestError(
    422,
    "REVISION_INVALID",
    `Revision ${revision} is not valid at '${where}': ${first?.message}`,
  );
}

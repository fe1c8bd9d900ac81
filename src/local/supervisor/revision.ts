/** The revision file a worker wrote: the only place commands, files and environment come from. */
import { SealError } from "../../domain/envelope.ts";
import { Workload } from "../../domain/workload.ts";
import { RevisionFile } from "./protocol.ts";
import { RequestError } from "./request-error.ts";
import type { RevisionFiles } from "./revision-files.ts";

export type Revision = Omit<RevisionFile, "workload"> & { workload: Workload };

/**
 * Reads and checks a revision.
 * @throws RequestError 404 when it is not there, 422 when it is not one or belongs to another deployment
 */
export function readRevision(files: RevisionFiles, deploymentId: string, revision: string): Revision {
  const content = open(files, deploymentId, revision);
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

function open(files: RevisionFiles, deploymentId: string, revision: string): unknown {
  try {
    return files.read(deploymentId, revision);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    const message = `Revision ${revision} of ${deploymentId} does not open with this node's key; write it again.`;
    throw new RequestError(422, "REVISION_INVALID", message, { cause: error });
  }
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

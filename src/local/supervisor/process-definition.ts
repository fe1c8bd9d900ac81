/** What is wanted of a process, taken out of a revision, with a fingerprint of all that makes a restart necessary. */
import { type SizeName, sizes } from "../../domain/sizes.ts";
import type { DeploymentRecord, ProcessDefinition, RenderContext } from "./deployment-record.ts";
import { RequestError } from "./request-error.ts";
import type { Revision } from "./revision.ts";
import { digestOf } from "./workload-files.ts";

/** The parts of a revision that references are filled in from. */
export function contextOf({ revision, host, publicUrl, size, workload }: Revision): RenderContext {
  return { revision, host, publicUrl, size, env: workload.env };
}

/**
 * The definition of one process.
 * @param record what was written for the deployment before: files, secrets, package
 * @throws RequestError 404 when the revision has no such process
 */
export function defineProcess(record: DeploymentRecord, revision: Revision, name: string): ProcessDefinition {
  const process = revision.workload.processes.find((each) => each.name === name);
  if (process === undefined) throw notInRevision("process", name, revision.revision);
  const context = contextOf(revision);
  const { frontDoor, health } = revision.workload;
  // Copies and probes are left out on purpose: they change without a restart. So is whether the deployment is stopped.
  const fingerprint = digestOf({
    ...{ command: process.command, env: process.env, ports: process.ports },
    ...{
      shared: context.env,
      host: context.host,
      url: context.publicUrl,
      size: sizes[context.size as SizeName] ?? null,
    },
    ...{ files: record.filesDigest, secrets: record.secretsDigest, package: record.package },
    restart: revision.restartToken,
  });
  return {
    process,
    context,
    stopped: revision.stopped,
    frontDoor: frontDoor.process === name ? { port: frontDoor.port, ...health } : null,
    fingerprint,
  };
}

/** The error for a process or job a revision does not name. */
export function notInRevision(kind: "process" | "job", name: string, revision: string): RequestError {
  return new RequestError(404, `${kind.toUpperCase()}_NOT_FOUND`, `Revision ${revision} has no ${kind} ${name}.`);
}

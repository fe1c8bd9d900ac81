/** One digest per part of a workload: it changes when, and only when, that part has something new to do. */
import { createHash } from "node:crypto";
import type { DeploymentSpec } from "../domain/deployment-spec.ts";
import type { Workload, WorkloadJob, WorkloadProcess } from "../domain/workload.ts";

export interface DigestContext {
  workload: Workload;
  spec: Pick<DeploymentSpec, "size" | "power_state" | "restart_token">;
  publicUrl: string;
  /** Changes when any secret's value does. */
  secretsVersion: string;
}

/** Hash of plain data, the same for equal content whatever the order of its keys. */
export function digestOf(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(sorted(value)))
    .digest("hex")
    .slice(0, 32);
}

/** Files are written again when their text, or what is filled into it, changes. */
export const filesDigest = ({ workload, spec, publicUrl, secretsVersion }: DigestContext): string =>
  digestOf([workload.files, spec.size, publicUrl, secretsVersion]);

/** A job says by its run key when it must run again; size, replicas or a restart are no reason. */
export const jobDigest = (job: WorkloadJob): string => digestOf([job.name, job.runKey]);

/** The git source is fetched again when it, or the wished revision, changes. */
export const sourceDigest = (source: NonNullable<Workload["gitSource"]>): string => digestOf(source);

/** Covers all a process reads at start, so a sync of the git source is not in it. */
export const processDigest = (process: WorkloadProcess, context: DigestContext): string =>
  digestOf([
    process,
    context.workload.env,
    context.workload.package,
    filesDigest(context),
    context.spec.power_state,
    context.spec.restart_token,
  ]);

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

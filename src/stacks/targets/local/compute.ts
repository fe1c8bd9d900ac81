/** Compute on this machine: files, code, jobs and supervised processes, all rendered by the node's supervisor. */
import * as pulumi from "@pulumi/pulumi";
import {
  LocalFiles,
  LocalJob,
  LocalPackage,
  LocalProcess,
  LocalSecrets,
  LocalSource,
} from "../../../providers/onvera/resources.ts";
import type { Compute, ComputeArgs } from "../../components/compute.ts";
import { type DigestContext, filesDigest, jobDigest, processDigest, sourceDigest } from "../../workload-digests.ts";

/** The engine waits a little longer than the supervisor's own deadline, whose answer says more. */
const TIMEOUT_MARGIN_SECONDS = 30;

export class LocalCompute extends pulumi.ComponentResource implements Compute {
  readonly processes: pulumi.Output<string[]>;

  constructor(name: string, args: ComputeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("onvera:deployment:Compute", name, {}, opts);
    const { deploymentId, revision, workload } = args;
    const context: DigestContext = { ...args, publicUrl: args.context.publicUrl };
    const after = (...resources: pulumi.Resource[]) => ({ parent: this, dependsOn: [args.network, ...resources] });

    const secrets = new LocalSecrets(`${name}-secrets`, { deploymentId, secrets: args.secrets }, after());
    const { lock, extraRequirements } = workload.package;
    const code = new LocalPackage(`${name}-package`, { deploymentId, lock, extraRequirements }, after());
    const files = new LocalFiles(
      `${name}-files`,
      { deploymentId, revision, digest: filesDigest(context) },
      after(secrets, code),
    );
    const source = workload.gitSource && [
      new LocalSource(
        `${name}-source`,
        { deploymentId, revision, digest: sourceDigest(workload.gitSource) },
        after(files),
      ),
    ];

    // Each job waits for the one before it; the processes wait for the last (a failed migration starts nothing).
    let ready: pulumi.Resource = files;
    for (const job of workload.jobs) {
      ready = new LocalJob(
        `${name}-job-${job.name}`,
        { deploymentId, name: job.name, revision, digest: jobDigest(job), phase: job.phase },
        { ...after(args.database, ready), customTimeouts: jobTimeouts(job.deadlineSeconds) },
      );
    }
    const processes = workload.processes.map(
      (process) =>
        new LocalProcess(
          `${name}-process-${process.name}`,
          { deploymentId, name: process.name, revision, digest: processDigest(process, context) },
          after(args.database, ready, ...(source ?? [])),
        ),
    );

    this.processes = pulumi.all(processes.map((process) => process.name));
    this.registerOutputs({ processes: this.processes });
  }
}

function jobTimeouts(deadlineSeconds: number): pulumi.CustomTimeouts {
  const limit = `${Math.ceil(deadlineSeconds) + TIMEOUT_MARGIN_SECONDS}s`;
  return { create: limit, update: limit };
}

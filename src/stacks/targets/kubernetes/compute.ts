/** Compute on Kubernetes: files and secrets, Jobs that gate the rollout, then the processes. */
import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment.js";
import { Job } from "@pulumi/kubernetes/batch/v1/job.js";
import { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1/persistentVolumeClaim.js";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1/podDisruptionBudget.js";
import * as pulumi from "@pulumi/pulumi";
import { kubernetesJobName } from "../../../domain/kubernetes-names.ts";
import type { Compute, ComputeArgs } from "../../components/compute.ts";
import { digestOf, filesDigest } from "../../workload-digests.ts";
import { deployment, disruptionBudget, type RolloutMarks, service } from "./manifests/deployments.ts";
import { type ClusterFacts, clusterFacts } from "./manifests/facts.ts";
import { fileContents, filesMetadata, secretsMetadata } from "./manifests/files.ts";
import { planJobs } from "./manifests/job-plan.ts";
import { type ClusterJob, job } from "./manifests/jobs.ts";
import { renderFacts } from "./manifests/pod.ts";
import { taskPod } from "./manifests/task-pod.ts";
import { claims } from "./manifests/volumes.ts";

/** The engine waits a little longer than the Job's own deadline, whose answer says more. */
const TIMEOUT_MARGIN_SECONDS = 60;

export class KubernetesCompute extends pulumi.ComponentResource implements Compute {
  readonly processes: pulumi.Output<string[]>;

  constructor(name: string, args: ComputeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("onvera:deployment:Compute", name, {}, opts);
    const facts = clusterFacts(args);
    const { workload, context, secretsVersion } = args;
    const plan = planJobs(facts);
    const template = taskPod(facts, plan.packageFolder);
    const base = { parent: this, dependsOn: [args.network] };

    const { data, logs } = claims(facts);
    // A claim can only grow, and only where its class allows it: what it was made with stays.
    const claim = { ...base, ignoreChanges: ["spec"] };
    const volumes = [
      new PersistentVolumeClaim(`${name}-data`, data, claim),
      new PersistentVolumeClaim(`${name}-logs`, logs, claim),
    ];
    const settings = [
      new Secret(
        `${name}-secrets`,
        { metadata: secretsMetadata(facts), stringData: pulumi.secret(args.secrets) },
        base,
      ),
      new Secret(
        `${name}-files`,
        { metadata: filesMetadata(facts), stringData: this.#files(facts, args, plan, template) },
        base,
      ),
    ];

    // Each job waits for the one before it; the processes wait for the last (a failed migration starts nothing).
    let gates: pulumi.Resource[] = [...volumes, ...settings];
    for (const wish of [...plan.before, ...plan.jobs]) {
      gates = [this.#job(name, facts, wish, [args.network, args.database, ...gates])];
    }
    for (const wish of plan.beside)
      gates = [...gates, this.#job(name, facts, wish, [args.network, ...volumes, ...settings])];

    const marks: RolloutMarks = {
      filesDigest: filesDigest({ workload, spec: args.spec, publicUrl: context.publicUrl, secretsVersion }),
      secretsVersion,
      packageFolder: plan.packageFolder,
      ...(template === undefined ? {} : { taskPodDigest: digestOf(template) }),
    };
    const made = workload.processes.map((process) => {
      if (process.ports.length > 0) new Service(`${name}-service-${process.name}`, service(facts, process), base);
      new PodDisruptionBudget(`${name}-budget-${process.name}`, disruptionBudget(facts, process), base);
      return new Deployment(`${name}-process-${process.name}`, deployment(facts, process, marks), {
        parent: this,
        dependsOn: [args.network, args.database, ...gates],
      });
    });
    this.processes = pulumi
      .all(made.map(({ id }) => id))
      .apply(() => workload.processes.map((process) => process.name));
    this.registerOutputs({ processes: this.processes });
  }

  #files(
    facts: ClusterFacts,
    args: ComputeArgs,
    { packageFolder, extraStdin }: ReturnType<typeof planJobs>,
    template: object | undefined,
  ) {
    return pulumi.secret(
      pulumi
        .all(args.secrets)
        .apply((secrets) => fileContents(facts, renderFacts(facts, packageFolder), secrets, extraStdin, template)),
    );
  }

  /** What a Job does is in its name, and in the resource's: another thing to do is another resource, made anew. */
  #job(name: string, facts: ClusterFacts, wish: ClusterJob, dependsOn: pulumi.Resource[]): Job {
    const limit = `${Math.ceil(wish.deadlineSeconds) + TIMEOUT_MARGIN_SECONDS}s`;
    return new Job(`${name}-${kubernetesJobName(wish.name, wish.digest)}`, job(facts, wish), {
      parent: this,
      dependsOn,
      customTimeouts: { create: limit, update: limit },
      // A Job cannot change; size, image prefix or nodes are no reason to do its work again.
      ignoreChanges: ["spec"],
    });
  }
}

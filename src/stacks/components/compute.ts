/** Compute: the workload itself. Jobs first, in their order; processes only after every job ended well. */
import type * as pulumi from "@pulumi/pulumi";
import type { DeploymentSpec } from "../../domain/deployment-spec.ts";
import type { TargetContext } from "../../domain/program-input.ts";
import type { Workload } from "../../domain/workload.ts";
import type { Database } from "./database.ts";
import type { Network } from "./network.ts";

export interface ComputeArgs {
  deploymentId: string;
  /** Name of the stored revision the target renders from. */
  revision: string;
  spec: DeploymentSpec;
  workload: Workload;
  context: TargetContext;
  /** Exactly the secrets the workload names. */
  secrets: Record<string, pulumi.Input<string>>;
  /** Changes when any secret's value does, without telling anything about it. */
  secretsVersion: string;
  /** Both must be complete before anything of the app runs. */
  network: Network;
  database: Database;
}

export interface Compute extends pulumi.ComponentResource {
  /** Names of the processes, known once they are handed over. */
  readonly processes: pulumi.Output<string[]>;
}

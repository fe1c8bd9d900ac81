/** Network: the deployment's own place to run in, walled off from its neighbours (ON-30), and its ports. */
import type * as pulumi from "@pulumi/pulumi";
import type { DeploymentSpec } from "../../domain/deployment-spec.ts";
import type { TargetContext } from "../../domain/program-input.ts";
import type { Workload } from "../../domain/workload.ts";

export interface NetworkArgs {
  deploymentId: string;
  spec: DeploymentSpec;
  workload: Workload;
  context: TargetContext;
}

export interface Network extends pulumi.ComponentResource {
  /** Port number by name. */
  readonly ports: pulumi.Output<Record<string, number>>;
}

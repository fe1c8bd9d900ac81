/** Network: the deployment's own place to run in, walled off from its neighbours (ON-30), and its ports. */
import type * as pulumi from "@pulumi/pulumi";

export interface NetworkArgs {
  deploymentId: string;
  /** Names of the ports the workload listens on. */
  ports: readonly string[];
}

export interface Network extends pulumi.ComponentResource {
  /** Port number by name. */
  readonly ports: pulumi.Output<Record<string, number>>;
}

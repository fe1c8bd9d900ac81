/** Dns: the deployment's host name leads to its front door (ON-29). It exists while the deployment is stopped, too. */
import type * as pulumi from "@pulumi/pulumi";
import type { DeploymentSpec } from "../../domain/deployment-spec.ts";
import type { TargetContext } from "../../domain/program-input.ts";
import type { Workload } from "../../domain/workload.ts";
import type { Compute } from "./compute.ts";

export interface DnsArgs {
  deploymentId: string;
  spec: DeploymentSpec;
  workload: Workload;
  context: TargetContext;
  /** The name leads nowhere before the app is there. */
  compute: Compute;
}

export interface Dns extends pulumi.ComponentResource {
  readonly host: pulumi.Output<string>;
  readonly url: pulumi.Output<string>;
}

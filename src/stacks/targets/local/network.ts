/** Network on this machine: the deployment's own uid and folders, and loopback ports. */
import * as pulumi from "@pulumi/pulumi";
import { LocalIdentity, LocalPorts } from "../../../providers/onvera/resources.ts";
import type { Network, NetworkArgs } from "../../components/network.ts";
import { portNames } from "../../workload-check.ts";

export class LocalNetwork extends pulumi.ComponentResource implements Network {
  readonly ports: pulumi.Output<Record<string, number>>;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("onvera:deployment:Network", name, {}, opts);
    const { deploymentId } = args;
    const identity = new LocalIdentity(`${name}-identity`, { deploymentId }, { parent: this });
    this.ports = new LocalPorts(
      `${name}-ports`,
      { deploymentId, names: portNames(args.workload) },
      { parent: this, dependsOn: [identity] },
    ).ports;
    this.registerOutputs({ ports: this.ports });
  }
}

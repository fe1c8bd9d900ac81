/** Dns on this machine: a route of the gateway. */
import * as pulumi from "@pulumi/pulumi";
import { LocalRoute } from "../../../providers/onvera/resources.ts";
import type { Dns, DnsArgs } from "../../components/dns.ts";

export class LocalDns extends pulumi.ComponentResource implements Dns {
  readonly host: pulumi.Output<string>;
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: DnsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("onvera:deployment:Dns", name, {}, opts);
    this.host = new LocalRoute(
      `${name}-route`,
      { deploymentId: args.deploymentId, host: args.context.host, port: args.workload.frontDoor.port },
      { parent: this, dependsOn: [args.compute] },
    ).host;
    this.url = this.host.apply(() => args.context.publicUrl);
    this.registerOutputs({ host: this.host, url: this.url });
  }
}

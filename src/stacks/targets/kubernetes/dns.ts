/** Dns on Kubernetes: an Ingress. The domain's wildcard record leads to the ingress controller. */
import { Ingress } from "@pulumi/kubernetes/networking/v1/ingress.js";
import * as pulumi from "@pulumi/pulumi";
import type { Dns, DnsArgs } from "../../components/dns.ts";
import { clusterFacts } from "./manifests/facts.ts";
import { ingress } from "./manifests/ingress.ts";

export class KubernetesDns extends pulumi.ComponentResource implements Dns {
  readonly host: pulumi.Output<string>;
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: DnsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("onvera:deployment:Dns", name, {}, opts);
    const { host, publicUrl } = args.context;
    const made = new Ingress(`${name}-ingress`, ingress(clusterFacts(args)), {
      parent: this,
      dependsOn: [args.compute],
    });
    this.host = made.id.apply(() => host);
    this.url = made.id.apply(() => publicUrl);
    this.registerOutputs({ host: this.host, url: this.url });
  }
}

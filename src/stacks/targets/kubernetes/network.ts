/** Network on Kubernetes: a namespace with its walls, its ceilings and the account its pods run as. */
import { LimitRange } from "@pulumi/kubernetes/core/v1/limitRange.js";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { ResourceQuota } from "@pulumi/kubernetes/core/v1/resourceQuota.js";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount.js";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy.js";
import { Role } from "@pulumi/kubernetes/rbac/v1/role.js";
import { RoleBinding } from "@pulumi/kubernetes/rbac/v1/roleBinding.js";
import * as pulumi from "@pulumi/pulumi";
import type { Network, NetworkArgs } from "../../components/network.ts";
import { portNames } from "../../workload-check.ts";
import { clusterFacts } from "./manifests/facts.ts";
import { appServiceAccount, limitRange, namespace, quota } from "./manifests/namespace.ts";
import { podPort } from "./manifests/pod-folders.ts";
import { networkPolicies } from "./manifests/policies.ts";
import { podMaker } from "./manifests/task-account.ts";

export class KubernetesNetwork extends pulumi.ComponentResource implements Network {
  readonly ports: pulumi.Output<Record<string, number>>;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("onvera:deployment:Network", name, {}, opts);
    const facts = clusterFacts(args);
    const own = new Namespace(`${name}-namespace`, namespace(facts), { parent: this });
    const inside = { parent: this, dependsOn: [own] };
    new ServiceAccount(`${name}-account`, appServiceAccount(facts), inside);
    if (args.workload.taskPods !== undefined) {
      const { account, role, binding } = podMaker(facts);
      const parts = [
        new ServiceAccount(`${name}-pod-maker-account`, account, inside),
        new Role(`${name}-pod-maker-role`, role, inside),
      ];
      new RoleBinding(`${name}-pod-maker-binding`, binding, { parent: this, dependsOn: parts });
    }
    new ResourceQuota(`${name}-quota`, quota(facts), inside);
    new LimitRange(`${name}-limits`, limitRange(facts), inside);
    for (const [policy, manifest] of Object.entries(networkPolicies(facts))) {
      new NetworkPolicy(`${name}-${policy}`, manifest, inside);
    }
    const { workload } = args;
    this.ports = pulumi.output(Object.fromEntries(portNames(workload).map((port) => [port, podPort(workload, port)])));
    this.registerOutputs({ ports: this.ports });
  }
}

/** Who may talk to a deployment's pods, and whom they may talk to: nobody, but for what is named here. Pure. */
import { isIP } from "node:net";
import type { input } from "@pulumi/kubernetes/types/index.js";
import { type ClusterFacts, labelsOf, metadataOf } from "./facts.ts";
import { podPort } from "./pod-folders.ts";

type Policy = input.networking.v1.NetworkPolicySpec;
type Peer = input.networking.v1.NetworkPolicyPeer;

/** The cloud's metadata service and everything else that is link-local. */
const LINK_LOCAL = "169.254.0.0/16";
/** Neighbours: other deployments, the nodes, the cluster's own services, the company's network. */
const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", LINK_LOCAL];
const privateRangesV6 = ["fc00::/7", "fe80::/10", "::1/128"];

const everyPod = { podSelector: {} };
/** Null is every namespace. */
const inNamespace = (name: string | null): Peer => ({
  namespaceSelector: name === null ? {} : { matchLabels: { "kubernetes.io/metadata.name": name } },
});
const tcp = (port: number) => ({ protocol: "TCP", port });

/** Policy name to policy. */
export function networkPolicies(facts: ClusterFacts): Record<string, ReturnType<typeof policy>> {
  const { workload, context } = facts;
  const { process, port } = workload.frontDoor;
  const specs: Record<string, Policy> = {
    "default-deny": { ...everyPod, policyTypes: ["Ingress", "Egress"] },
    "allow-dns": egress([
      {
        to: [{ ...inNamespace("kube-system"), podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }],
        ports: [
          { protocol: "UDP", port: 53 },
          { protocol: "TCP", port: 53 },
        ],
      },
    ]),
    "allow-database": egress([{ to: peersAt(context.databaseHost), ports: [tcp(context.databasePort)] }]),
    "allow-front-door": {
      podSelector: { matchLabels: podSelector(facts, process) },
      policyTypes: ["Ingress"],
      ingress: [{ from: [inNamespace(facts.place.ingressNamespace)], ports: [tcp(podPort(workload, port))] }],
    },
    "allow-own-pods": {
      ...everyPod,
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [everyPod] }],
      egress: [{ to: [everyPod] }],
    },
    "allow-internet": egress([
      {
        to: [
          { ipBlock: { cidr: "0.0.0.0/0", except: privateRanges } },
          { ipBlock: { cidr: "::/0", except: privateRangesV6 } },
        ],
      },
    ]),
  };
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, policy(facts, name, spec)]));
}

/** What selects the pods of one process; a Deployment's selector can never change. */
export function podSelector(facts: ClusterFacts, component: string): Record<string, string> {
  const labels = labelsOf(facts, component);
  const names = ["onvera.dev/deployment", "app.kubernetes.io/component"];
  return Object.fromEntries(Object.entries(labels).filter(([name]) => names.includes(name)));
}

const policy = (facts: ClusterFacts, name: string, spec: Policy) => ({
  metadata: metadataOf(facts, name, "network"),
  spec,
});

const egress = (rules: input.networking.v1.NetworkPolicyEgressRule[]): Policy => ({
  ...everyPod,
  policyTypes: ["Egress"],
  egress: rules,
});

/** A policy knows addresses only: behind a name may be any of them, so that the port alone narrows it down. */
export function peersAt(host: string): Peer[] {
  const version = isIP(host);
  if (version === 4) return [{ ipBlock: { cidr: `${host}/32` } }];
  if (version === 6) return [{ ipBlock: { cidr: `${host}/128` } }];
  return [
    { ipBlock: { cidr: "0.0.0.0/0", except: [LINK_LOCAL] } },
    { ipBlock: { cidr: "::/0", except: ["fe80::/10"] } },
  ];
}

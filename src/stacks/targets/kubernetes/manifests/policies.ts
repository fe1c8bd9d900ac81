/** Who may talk to a deployment's pods, and whom they may talk to: nobody, but for what is named here. Pure. */
import { isIP } from "node:net";
import type { input } from "@pulumi/kubernetes/types/index.js";
import type { KubernetesPlace } from "../../../../domain/kubernetes-place.ts";
import { privateRanges } from "../../../../domain/private-networks.ts";
import { type ClusterFacts, labelsOf, metadataOf } from "./facts.ts";
import { podPort } from "./pod-folders.ts";
import { TASK_COMPONENT } from "./task-account.ts";

type Policy = input.networking.v1.NetworkPolicySpec;
type Peer = input.networking.v1.NetworkPolicyPeer;

/** The cloud's metadata service and everything else that is link-local. */
const LINK_LOCAL = "169.254.0.0/16";
const closedRanges = [...privateRanges.ipv4, "127.0.0.0/8", LINK_LOCAL];
const closedRangesV6 = [...privateRanges.ipv6, "fe80::/10", "::1/128"];

/** The Service's, and where its pods listen instead when they may not bind a low port: a policy sees the pod's. */
const DNS_PORTS = [53, 5353];

const everyPod = { podSelector: {} };
/** Null is every namespace. */
const inNamespace = (name: string | null): Peer => ({
  namespaceSelector: name === null ? {} : { matchLabels: { "kubernetes.io/metadata.name": name } },
});
const tcp = (port: number) => ({ protocol: "TCP", port });

/** Policy name to policy. */
export function networkPolicies(facts: ClusterFacts): Record<string, ReturnType<typeof policy>> {
  const { workload, context } = facts;
  const { privateNetworks } = facts.place;
  const { process, port } = workload.frontDoor;
  const specs: Record<string, Policy> = {
    "default-deny": { ...everyPod, policyTypes: ["Ingress", "Egress"] },
    "allow-dns": egress([
      {
        to: [{ ...inNamespace("kube-system"), podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }],
        ports: DNS_PORTS.flatMap((number) => ["UDP", "TCP"].map((protocol) => ({ protocol, port: number }))),
      },
    ]),
    "allow-database": {
      ...egress([{ to: peersAt(context.databaseHost), ports: [tcp(context.databasePort)] }]),
      podSelector: workload.taskPods === undefined ? {} : exceptTasks,
    },
    ...(workload.taskPods === undefined
      ? {}
      : { "allow-api-server": toApiServer(podSelector(facts, workload.taskPods.madeBy), facts.place.apiServer) }),
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
          { ipBlock: { cidr: "0.0.0.0/0", except: closedRanges } },
          { ipBlock: { cidr: "::/0", except: closedRangesV6 } },
        ],
      },
    ]),
    ...(privateNetworks.length === 0
      ? {}
      : {
          "allow-private-networks": egress(
            privateNetworks.map(({ cidr, port: open }) => ({
              to: [{ ipBlock: { cidr } }],
              ...(open === undefined ? {} : { ports: [tcp(open)] }),
            })),
          ),
        }),
  };
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, policy(facts, name, spec)]));
}

/** Tasks ask the app for everything; the label is the template's, so that whoever writes DAGs could take another. */
const exceptTasks = {
  matchExpressions: [{ key: "app.kubernetes.io/component", operator: "NotIn", values: [TASK_COMPONENT] }],
};

/** Behind its Service: a policy sees the addresses that a connection ends at. */
function toApiServer(matchLabels: Record<string, string>, apiServer: KubernetesPlace["apiServer"]): Policy {
  if (apiServer === null) throw new Error("The addresses of the cluster's API server are not known.");
  return {
    podSelector: { matchLabels },
    policyTypes: ["Egress"],
    egress: [{ to: apiServer.addresses.flatMap(peersAt), ports: [tcp(apiServer.port)] }],
  };
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

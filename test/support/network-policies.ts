/** Evaluates NetworkPolicies as an enforcer would, for the parts of them that ours use. Pure. */
import { BlockList, isIP } from "node:net";
import type { Manifest } from "../stacks/kubernetes-fixtures.ts";

/** One end of a connection: a pod with its labels and namespace, or an address outside. */
export type End = { namespace: string; labels: Record<string, string> } | { address: string };

export interface Connection {
  from: End;
  to: End;
  protocol: "TCP" | "UDP";
  port: number;
}

interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: "NotIn"; values: string[] }[];
}

interface Peer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
  ipBlock?: { cidr: string; except?: string[] };
}

interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: { protocol: string; port: number }[];
}

interface Policy {
  podSelector: Selector;
  policyTypes: ("Ingress" | "Egress")[];
  ingress?: Rule[];
  egress?: Rule[];
}

/** Whether both ends' policies let the connection through. A pod no policy selects for a direction is open in it. */
export function allows(policies: readonly Manifest[], connection: Connection): boolean {
  return (
    direction(policies, "Egress", connection.from, connection.to, connection) &&
    direction(policies, "Ingress", connection.to, connection.from, connection)
  );
}

function direction(
  policies: readonly Manifest[],
  type: "Ingress" | "Egress",
  own: End,
  other: End,
  { protocol, port }: Connection,
): boolean {
  if (!("labels" in own)) return true;
  const chosen = policies
    .filter(({ metadata }) => metadata.namespace === own.namespace)
    .map(({ spec }) => spec as unknown as Policy)
    .filter(({ podSelector, policyTypes }) => policyTypes.includes(type) && selects(podSelector, own.labels));
  if (chosen.length === 0) return true;
  const rules = chosen.flatMap(({ ingress = [], egress = [] }) => (type === "Ingress" ? ingress : egress));
  return rules.some(({ from, to, ports }) => {
    const peers = type === "Ingress" ? from : to;
    const portFits = ports === undefined || ports.some((each) => each.protocol === protocol && each.port === port);
    return portFits && (peers === undefined || peers.some((peer) => isPeer(peer, other, own.namespace)));
  });
}

function isPeer({ podSelector, namespaceSelector, ipBlock }: Peer, end: End, ownNamespace: string): boolean {
  if (ipBlock !== undefined) return "address" in end && within(end.address, ipBlock);
  if (!("labels" in end)) return false;
  const namespaceFits =
    namespaceSelector === undefined
      ? end.namespace === ownNamespace
      : selects(namespaceSelector, { "kubernetes.io/metadata.name": end.namespace });
  return namespaceFits && selects(podSelector ?? {}, end.labels);
}

const selects = ({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Record<string, string>): boolean =>
  Object.entries(matchLabels).every(([name, value]) => labels[name] === value) &&
  matchExpressions.every(({ key, values }) => !values.includes(labels[key] ?? ""));

function within(address: string, { cidr, except = [] }: { cidr: string; except?: string[] }): boolean {
  return inSubnet(address, cidr) && !except.some((hole) => inSubnet(address, hole));
}

function inSubnet(address: string, cidr: string): boolean {
  const [network = "", prefix = ""] = cidr.split("/");
  if (isIP(address) !== isIP(network)) return false;
  const family = isIP(network) === 6 ? "ipv6" : "ipv4";
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family);
  return list.check(address, family);
}

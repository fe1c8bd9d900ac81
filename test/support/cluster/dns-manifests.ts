/** CoreDNS as pods find it in every cluster: `kube-system`, `k8s-app: kube-dns`. */
import { type AddonPod, addonDeployment, serviceAccountWith } from "./addon-pod.ts";
import type { RigPlace } from "./rig-place.ts";

const labels = { "k8s-app": "kube-dns" };

/** Names of Services and pods; there is nothing above this server, so every other name is unknown at once. */
const corefile = `.:5353 {
  errors
  health :8080
  ready :8181
  kubernetes cluster.local in-addr.arpa {
    pods insecure
    ttl 5
  }
  cache 5
}
`;

/** @param image holds the program `addons` */
export function dnsManifests(place: RigPlace, image: string): object[] {
  const pod: AddonPod = {
    name: "coredns",
    labels,
    image,
    args: ["coredns", "-conf", "/etc/coredns/Corefile"],
    ports: { dns: 5353 },
    readiness: { path: "/ready", port: 8181 },
    files: { configMap: "coredns", folder: "/etc/coredns" },
  };
  const ports = (["UDP", "TCP"] as const).map((protocol) => ({
    name: `dns-${protocol.toLowerCase()}`,
    protocol,
    port: 53,
    targetPort: 5353,
  }));
  return [
    ...serviceAccountWith("coredns", [
      { apiGroups: [""], resources: ["services", "pods", "namespaces"], verbs: ["list", "watch"] },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
    ]),
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "coredns", namespace: "kube-system" },
      data: { Corefile: corefile },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kube-dns", namespace: "kube-system", labels },
      spec: { clusterIP: place.nameServerAddress, selector: labels, ports },
    },
    addonDeployment(pod),
  ];
}

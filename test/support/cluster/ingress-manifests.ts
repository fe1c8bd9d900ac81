/** Traefik as the rig's ingress controller: the way in for what browsers and the control plane ask of apps. */
import { type AddonPod, addonDeployment, serviceAccountWith } from "./addon-pod.ts";
import type { RigPlace } from "./rig-place.ts";

const name = "traefik";
const labels = { app: name };

/** Where the controller's pods live; NetworkPolicies name it. */
export const ingressNamespace = "ingress";

/** The class of the rig's Ingresses. */
export const ingressClassName = "rig";

/** @param image holds the program `traefik` */
export function ingressManifests(place: RigPlace, image: string): object[] {
  const namespace = ingressNamespace;
  const pod: AddonPod = {
    name,
    namespace,
    labels,
    image,
    args: [
      "--entrypoints.web.address=:8000",
      "--entrypoints.websecure.address=:8443",
      "--entrypoints.websecure.http.tls=true",
      "--entrypoints.health.address=:9000",
      "--ping.entrypoint=health",
      "--providers.kubernetesingress=true",
      `--providers.kubernetesingress.ingressclass=${ingressClassName}`,
      "--global.checknewversion=false",
      "--global.sendanonymoususage=false",
    ],
    ports: { web: 8000, websecure: 8443 },
    readiness: { path: "/ping", port: 9000 },
  };
  const read = ["get", "list", "watch"];
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    ...serviceAccountWith(
      name,
      [
        { apiGroups: [""], resources: ["services", "secrets", "nodes"], verbs: read },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
        { apiGroups: ["networking.k8s.io"], resources: ["ingresses", "ingressclasses"], verbs: read },
        { apiGroups: ["networking.k8s.io"], resources: ["ingresses/status"], verbs: ["update"] },
      ],
      namespace,
    ),
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: { name: ingressClassName, annotations: { "ingressclass.kubernetes.io/is-default-class": "true" } },
      spec: { controller: "traefik.io/ingress-controller" },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace, labels },
      spec: {
        clusterIP: place.ingressAddress,
        selector: labels,
        ports: [
          { name: "web", port: 80, targetPort: 8000 },
          { name: "websecure", port: 443, targetPort: 8443 },
        ],
      },
    },
    addonDeployment(pod),
  ];
}

/** metrics-server: what pods and nodes use, asked of the kubelet every ten seconds. */
import { type AddonPod, addonDeployment, serviceAccountWith } from "./addon-pod.ts";

const name = "metrics-server";
const labels = { "k8s-app": name };

/** @param image holds the program `addons` */
export function metricsManifests(image: string): object[] {
  const pod: AddonPod = {
    name,
    labels,
    image,
    args: [
      name,
      "--secure-port=10250",
      "--cert-dir=/tmp",
      "--kubelet-preferred-address-types=InternalIP",
      // The kubelet's certificate is of the rig's own authority, which pods are given for the API server only.
      "--kubelet-insecure-tls",
      "--metric-resolution=10s",
      "--kubelet-request-timeout=5s",
    ],
    ports: { https: 10250 },
    readiness: { path: "/readyz", port: 10250, scheme: "HTTPS" },
  };
  const binding = (kind: "ClusterRoleBinding" | "RoleBinding", role: string, roleKind: string) => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind,
    metadata: {
      name: `${name}-${role.split(":").at(-1)}`,
      ...(kind === "RoleBinding" ? { namespace: "kube-system" } : {}),
    },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: roleKind, name: role },
    subjects: [{ kind: "ServiceAccount", name, namespace: "kube-system" }],
  });
  return [
    ...serviceAccountWith(name, [
      { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
      { apiGroups: [""], resources: ["pods", "nodes", "namespaces"], verbs: ["get", "list", "watch"] },
    ]),
    binding("ClusterRoleBinding", "system:auth-delegator", "ClusterRole"),
    binding("RoleBinding", "extension-apiserver-authentication-reader", "Role"),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "kube-system", labels },
      spec: { selector: labels, ports: [{ name: "https", port: 443, targetPort: 10250 }] },
    },
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v1beta1.metrics.k8s.io" },
      spec: {
        group: "metrics.k8s.io",
        version: "v1beta1",
        service: { name, namespace: "kube-system" },
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
    addonDeployment(pod),
  ];
}

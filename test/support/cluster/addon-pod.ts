/** What the add-ons' manifests have in common: one pod each, without any right on the node. */

export interface AddonPod {
  name: string;
  /** `kube-system` where none is named. */
  namespace?: string;
  labels: Readonly<Record<string, string>>;
  image: string;
  args: string[];
  /** Container ports by name. */
  ports: Readonly<Record<string, number>>;
  readiness: { path: string; port: number; scheme?: "HTTP" | "HTTPS" };
  /** A ConfigMap's files and where they are seen. */
  files?: { configMap: string; folder: string };
}

const systemNamespace = "kube-system";

/** A Deployment of one pod that meets Pod Security `restricted`. */
export function addonDeployment(pod: AddonPod): object {
  const { name, namespace = systemNamespace, labels, image, args, ports, readiness, files } = pod;
  const volumes = [
    { name: "tmp", emptyDir: {} },
    ...(files ? [{ name: "files", configMap: { name: files.configMap } }] : []),
  ];
  const volumeMounts = [
    { name: "tmp", mountPath: "/tmp" },
    ...(files ? [{ name: "files", mountPath: files.folder, readOnly: true }] : []),
  ];
  const container = {
    name,
    image,
    imagePullPolicy: "Never",
    args,
    ports: Object.entries(ports).map(([portName, containerPort]) => ({ name: portName, containerPort })),
    readinessProbe: { httpGet: readiness, periodSeconds: 1, failureThreshold: 60 },
    resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "256Mi" } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    volumeMounts,
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          priorityClassName: "system-cluster-critical",
          terminationGracePeriodSeconds: 1,
          securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: "RuntimeDefault" } },
          containers: [container],
          volumes,
        },
      },
    },
  };
}

/** A service account and what it may do in the whole cluster. */
export function serviceAccountWith(name: string, rules: object[], namespace: string = systemNamespace): object[] {
  const group = "rbac.authorization.k8s.io";
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
    { apiVersion: `${group}/v1`, kind: "ClusterRole", metadata: { name }, rules },
    {
      apiVersion: `${group}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: group, kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
  ];
}

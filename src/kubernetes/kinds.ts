/** Every kind of object a deployment has in a cluster, by the type its resource has in a stack: where the API server keeps it. */

interface Kind {
  /** Path of the group and version. */
  group: string;
  plural: string;
}

const kinds: Readonly<Record<string, Kind>> = {
  "core/v1:ServiceAccount": { group: "/api/v1", plural: "serviceaccounts" },
  "core/v1:Secret": { group: "/api/v1", plural: "secrets" },
  "core/v1:ConfigMap": { group: "/api/v1", plural: "configmaps" },
  "core/v1:Service": { group: "/api/v1", plural: "services" },
  "core/v1:PersistentVolumeClaim": { group: "/api/v1", plural: "persistentvolumeclaims" },
  "core/v1:ResourceQuota": { group: "/api/v1", plural: "resourcequotas" },
  "core/v1:LimitRange": { group: "/api/v1", plural: "limitranges" },
  "apps/v1:Deployment": { group: "/apis/apps/v1", plural: "deployments" },
  "batch/v1:Job": { group: "/apis/batch/v1", plural: "jobs" },
  "networking.k8s.io/v1:Ingress": { group: "/apis/networking.k8s.io/v1", plural: "ingresses" },
  "networking.k8s.io/v1:NetworkPolicy": { group: "/apis/networking.k8s.io/v1", plural: "networkpolicies" },
  "policy/v1:PodDisruptionBudget": { group: "/apis/policy/v1", plural: "poddisruptionbudgets" },
  "rbac.authorization.k8s.io/v1:Role": { group: "/apis/rbac.authorization.k8s.io/v1", plural: "roles" },
  "rbac.authorization.k8s.io/v1:RoleBinding": { group: "/apis/rbac.authorization.k8s.io/v1", plural: "rolebindings" },
};

const PREFIX = "kubernetes:";
export const NAMESPACE_TYPE = `${PREFIX}core/v1:Namespace`;

/** Path of one namespace. */
export const namespacePath = (namespace: string): string => `/api/v1/namespaces/${namespace}`;

/**
 * Path of the object a resource stands for.
 * @param type `kubernetes:apps/v1:Deployment`
 * @param id `<namespace>/<name>`, or a namespace's own name
 * @returns undefined for a kind that is none of ours
 */
export function objectPath(type: string, id: string): string | undefined {
  if (type === NAMESPACE_TYPE) return namespacePath(id);
  const [namespace, name] = id.split("/");
  const kind = kinds[type.slice(PREFIX.length)];
  if (!type.startsWith(PREFIX) || kind === undefined || namespace === undefined || name === undefined) return undefined;
  return `${kind.group}/namespaces/${namespace}/${kind.plural}/${name}`;
}

/** Types of what a namespace of ours holds, each with the path of its list across all namespaces. */
export const namespacedTypes: readonly { type: string; group: string; plural: string }[] = Object.entries(kinds).map(
  ([type, kind]) => ({ type: `${PREFIX}${type}`, ...kind }),
);

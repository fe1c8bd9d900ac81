/** The types the substitute serves, and where the API server keeps them. */
export interface Kind {
  /** Type token of the official provider. */
  type: string;
  plural: string;
  namespaced: boolean;
  /** Inputs that cannot change in place. */
  replaceOn: readonly string[];
}

const kind = (type: string, plural: string, more: Partial<Kind> = {}): Kind => ({
  type: `kubernetes:${type}`,
  plural,
  namespaced: true,
  replaceOn: [],
  ...more,
});

export const kinds: readonly Kind[] = [
  kind("core/v1:Namespace", "namespaces", { namespaced: false }),
  kind("core/v1:ServiceAccount", "serviceaccounts"),
  kind("core/v1:ResourceQuota", "resourcequotas"),
  kind("core/v1:LimitRange", "limitranges"),
  kind("core/v1:PersistentVolumeClaim", "persistentvolumeclaims"),
  kind("core/v1:Secret", "secrets"),
  kind("core/v1:ConfigMap", "configmaps"),
  kind("core/v1:Service", "services"),
  kind("apps/v1:Deployment", "deployments"),
  kind("apps/v1:StatefulSet", "statefulsets"),
  kind("batch/v1:Job", "jobs", { replaceOn: ["spec"] }),
  kind("networking.k8s.io/v1:NetworkPolicy", "networkpolicies"),
  kind("networking.k8s.io/v1:Ingress", "ingresses"),
  kind("policy/v1:PodDisruptionBudget", "poddisruptionbudgets"),
  kind("rbac.authorization.k8s.io/v1:Role", "roles"),
  kind("rbac.authorization.k8s.io/v1:RoleBinding", "rolebindings"),
];

/** Path of one object. @param id `<namespace>/<name>`, or the name alone where there is no namespace */
export function objectPath({ type, plural, namespaced }: Kind, id: string): string {
  const group = type.slice("kubernetes:".length, type.lastIndexOf(":"));
  const root = group.startsWith("core/") ? `/api/${group.slice("core/".length)}` : `/apis/${group}`;
  const [first = "", name = ""] = id.split("/");
  return namespaced ? `${root}/namespaces/${first}/${plural}/${name}` : `${root}/${plural}/${first}`;
}

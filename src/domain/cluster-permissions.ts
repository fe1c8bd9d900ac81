/** What Onvera may do on a cluster: the one table its manifest grants and its check asks after. */

export interface PermissionRule {
  apiGroups: readonly string[];
  resources: readonly string[];
  verbs: readonly string[];
}

const change = ["get", "list", "watch", "create", "update", "patch", "delete"] as const;
const read = ["get", "list", "watch"] as const;

/**
 * All of it holds in every namespace, because each deployment gets one of its own that nobody knows beforehand. Roles and role
 * bindings can only pass on what stands here: Kubernetes lets nobody give more than they have.
 */
export const clusterPermissions: readonly PermissionRule[] = [
  { apiGroups: [""], resources: ["namespaces", "resourcequotas", "limitranges"], verbs: change },
  {
    apiGroups: [""],
    resources: ["pods", "services", "configmaps", "secrets", "serviceaccounts", "persistentvolumeclaims"],
    verbs: change,
  },
  { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
  { apiGroups: [""], resources: ["events", "nodes"], verbs: read },
  // Where the API server is, for those pods of a deployment that may ask it.
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list"] },
  { apiGroups: ["apps"], resources: ["deployments", "statefulsets"], verbs: change },
  { apiGroups: ["apps"], resources: ["replicasets"], verbs: read },
  { apiGroups: ["batch"], resources: ["jobs"], verbs: change },
  { apiGroups: ["networking.k8s.io"], resources: ["ingresses", "networkpolicies"], verbs: change },
  { apiGroups: ["networking.k8s.io"], resources: ["ingressclasses"], verbs: ["get", "list"] },
  { apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: change },
  { apiGroups: ["rbac.authorization.k8s.io"], resources: ["roles", "rolebindings"], verbs: change },
  { apiGroups: ["storage.k8s.io"], resources: ["storageclasses"], verbs: ["get", "list"] },
  { apiGroups: ["metrics.k8s.io"], resources: ["pods"], verbs: ["get", "list"] },
];

export interface Permission {
  group: string;
  resource: string;
  verb: string;
}

/** A rule as a rules review gives it; a star is everything. */
export interface GrantedRule {
  apiGroups?: readonly string[] | undefined;
  resources?: readonly string[] | undefined;
  resourceNames?: readonly string[] | undefined;
  verbs: readonly string[];
}

const all: readonly Permission[] = clusterPermissions.flatMap(({ apiGroups, resources, verbs }) =>
  apiGroups.flatMap((group) =>
    resources.flatMap((resource) => verbs.map((verb) => ({ group, resource, verb }) satisfies Permission)),
  ),
);

/** Which of the table's permissions none of the rules gives. */
export function missingPermissions(granted: readonly GrantedRule[]): Permission[] {
  const covers = (given: readonly string[] | undefined, wanted: string) =>
    given !== undefined && (given.includes("*") || given.includes(wanted));
  const gives = (rule: GrantedRule, { group, resource, verb }: Permission) =>
    // One that is for single names is of no use for what is yet to be made.
    !rule.resourceNames?.length &&
    covers(rule.apiGroups, group) &&
    covers(rule.resources, resource) &&
    covers(rule.verbs, verb);
  return all.filter((wanted) => !granted.some((rule) => gives(rule, wanted)));
}

/** Missing permissions for people, one line for each resource: `networkpolicies.networking.k8s.io: create, delete`. */
export function permissionLines(missing: readonly Permission[]): string[] {
  const lines = new Map<string, string[]>();
  for (const { group, resource, verb } of missing) {
    const name = group === "" ? resource : `${resource}.${group}`;
    lines.set(name, [...(lines.get(name) ?? []), verb]);
  }
  return [...lines].map(([name, verbs]) => `${name}: ${verbs.join(", ")}`);
}

/**
 * What is installed on a self-managed cluster for Onvera: an account with exactly the table's permissions, and its token.
 * @param namespace where the account lives
 */
export function clusterManifest(namespace: string): object[] {
  const labels = { "app.kubernetes.io/part-of": "onvera" };
  const name = "onvera";
  const account = { kind: "ServiceAccount", name, namespace };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } },
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name, namespace, labels },
      automountServiceAccountToken: false,
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name, labels },
      rules: clusterPermissions.map(({ apiGroups, resources, verbs }) => ({
        apiGroups: [...apiGroups],
        resources: [...resources],
        verbs: [...verbs],
      })),
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name, labels },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [account],
    },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: "onvera-token",
        namespace,
        labels,
        annotations: { "kubernetes.io/service-account.name": name },
      },
      type: "kubernetes.io/service-account-token",
    },
  ];
}

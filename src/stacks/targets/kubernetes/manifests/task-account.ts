/** The account of the one process that makes pods, and what it may do with them. Pure. */
import { type ClusterFacts, metadataOf } from "./facts.ts";
import { POD_MAKER_ACCOUNT } from "./namespace.ts";

/** What the pods of tasks are called among a deployment's. */
export const TASK_COMPONENT = "task";

/** Pods of its own namespace, and nothing else: no secret, no log, no other account. */
const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["create", "get", "list", "watch", "patch", "delete"] }];

const rbac = "rbac.authorization.k8s.io";

/** Account, role and what binds them. */
export function podMaker(facts: ClusterFacts) {
  const metadata = metadataOf(facts, POD_MAKER_ACCOUNT, "namespace");
  return {
    account: { metadata, automountServiceAccountToken: false },
    role: { metadata, rules },
    binding: {
      metadata,
      roleRef: { apiGroup: rbac, kind: "Role", name: POD_MAKER_ACCOUNT },
      subjects: [{ kind: "ServiceAccount", name: POD_MAKER_ACCOUNT, namespace: facts.namespace }],
    },
  };
}

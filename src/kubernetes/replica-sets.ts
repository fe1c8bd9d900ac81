/** What a Deployment's ReplicaSets say of it. Pure. */
import type { ClusterObject, Deployment, ReplicaSet } from "./objects.ts";

const REVISION = "deployment.kubernetes.io/revision";

/** That of the Deployment's newest revision; undefined before there is any. */
export const newestReplicaSet = (sets: readonly ReplicaSet[], deployment: Deployment): ReplicaSet | undefined =>
  sets.filter((set) => isOwnedBy(set, deployment)).sort((a, b) => revisionOf(b) - revisionOf(a))[0];

/** Why no pod can be made, in the cluster's words; undefined where pods are made. */
export function creationRefusal({ status }: ReplicaSet): string | undefined {
  const refused = status?.conditions?.find(({ type, status: is }) => type === "ReplicaFailure" && is === "True");
  return refused && (refused.message ?? "The cluster lets no pod be made");
}

export const isOwnedBy = (owned: ClusterObject, owner: ClusterObject): boolean =>
  owned.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) ?? false;

const revisionOf = ({ metadata }: ReplicaSet): number => Number(metadata.annotations?.[REVISION] ?? 0);

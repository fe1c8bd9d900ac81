/** Which resources hold data that nothing can make again, and the interlock that guards them (NH-05). */

/** Type token to what a person loses with it. The one table: protection, the interlock and the destroy receipt read it. */
export const statefulTypes: Readonly<Record<string, string>> = {
  "postgresql:index/database:Database": "the database with everything in it",
  "postgresql:index/role:Role": "a database role and what it owns",
  "onvera:local:Identity": "the deployment's data folder",
  "aws:rds/instance:Instance": "the database instance",
  "aws:rds/cluster:Cluster": "the database cluster",
  "aws:s3/bucket:Bucket": "the bucket with its objects",
  "aws:s3/bucketV2:BucketV2": "the bucket with its objects",
  "aws:kms/key:Key": "the key, and all that was encrypted with it",
  "aws:ebs/volume:Volume": "the volume",
  "aws:efs/fileSystem:FileSystem": "the file system",
  "aws:secretsmanager/secret:Secret": "the secret",
  "kubernetes:core/v1:PersistentVolumeClaim": "the volume",
  "kubernetes:core/v1:PersistentVolume": "the volume",
};

/** Engine operations after which the thing that stood there is gone. */
const lossyOperations: ReadonlySet<string> = new Set(["delete", "replace", "create-replacement", "delete-replaced"]);

export interface PlannedStep {
  /** Operation as the engine names it: `create`, `same`, `update`, `delete`, `replace`, `create-replacement`, … */
  op: string;
  urn: string;
}

/** True when the type holds data that nothing can make again. */
export const isStateful = (type: string): boolean => Object.hasOwn(statefulTypes, type);

/** Type token of a URN: the last of the parent chain, `…::A$B::name` gives `B`. Empty when it is no URN. */
export function urnType(urn: string): string {
  const chain = urn.split("::")[2] ?? "";
  return chain.slice(chain.lastIndexOf("$") + 1);
}

/**
 * Finds the steps that would lose data although the request did not ask for it.
 * @param steps what the engine plans, or is about to do
 * @param named URNs the request names as to be deleted or replaced
 * @returns the offending URNs, each once, in plan order; empty means the plan may run
 */
export function dataLossSteps(steps: Iterable<PlannedStep>, named: ReadonlySet<string> = new Set()): string[] {
  const offending = new Set<string>();
  for (const { op, urn } of steps) {
    if (lossyOperations.has(op) && isStateful(urnType(urn)) && !named.has(urn)) offending.add(urn);
  }
  return [...offending];
}

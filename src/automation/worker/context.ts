/** Reads what an operation is about: the deployment, its cluster, the revisions before and after. */
import { appTypes, type DeploymentIdentity, DeploymentSpec, TEST_APP_TYPE } from "../../domain/deployment-spec.ts";
import type { OperationType } from "../../domain/operation.ts";
import type { Workload } from "../../domain/workload.ts";
import type { Surroundings } from "../../stacks/apps/app-module.ts";
import { workloadFor } from "../../stacks/apps/registry.ts";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import type { Scoped } from "../../store/database.ts";
import { readSignInAddress } from "../../store/sign-in-address.ts";
import { openSpec, openStored, planPlace, revisionPlace } from "../../store/spec-seal.ts";
import type { Deployment } from "../../store/tables/deployments.ts";
import type { Operation } from "../../store/tables/operations.ts";
import type { Cluster } from "../../store/tables/places.ts";
import { inputDigest } from "../drift/input-digest.ts";

export interface DeploymentRecord {
  deployment: Deployment;
  identity: DeploymentIdentity;
  cluster: Cluster;
}

export interface OperationContext extends DeploymentRecord {
  operation: Operation;
  type: OperationType;
  /** What the operation brings about. */
  wanted: Revision;
  /** What runs now; undefined before the first success. */
  applied: Revision | undefined;
  changesVersion: boolean;
}

export interface Revision {
  number: number;
  spec: DeploymentSpec;
  /** Null for the bench app. */
  workload: Workload | null;
  /** Digest of the stored spec; undefined for one that is only planned for. */
  inputDigest?: string;
}

/**
 * Loads a deployment with its cluster.
 * @throws Error when there is none of that id, or its app is unknown to this version
 */
export async function loadDeployment(db: Scoped, deploymentId: string): Promise<DeploymentRecord> {
  const deployment = await db
    .selectFrom("deployments")
    .selectAll()
    .where("id", "=", deploymentId)
    .executeTakeFirstOrThrow();
  const cluster = await db
    .selectFrom("clusters")
    .innerJoin("environments", "environments.cluster_id", "clusters.id")
    .selectAll("clusters")
    .where("environments.id", "=", deployment.environment_id)
    .executeTakeFirstOrThrow();
  const identity: DeploymentIdentity = {
    deploymentId: deployment.id,
    organizationId: deployment.organization_id,
    environmentId: deployment.environment_id,
    name: deployment.name,
    appType: knownApp(deployment.app_type),
    hostLabel: deployment.host_label,
  };
  return { deployment, identity, cluster };
}

/**
 * Loads one revision of a deployment.
 * @throws Error when there is none of that number, or its spec is not one this version knows
 */
export async function loadRevision(
  db: Scoped,
  dataKeys: DataKeys,
  identity: DeploymentIdentity,
  number: number,
): Promise<Revision> {
  const { spec } = await db
    .selectFrom("deployment_specs")
    .select("spec")
    .where("deployment_id", "=", identity.deploymentId)
    .where("revision", "=", number)
    .executeTakeFirstOrThrow();
  const stored = await openStored(db, dataKeys, revisionPlace(identity.deploymentId, number), spec);
  const revision = withWorkload(number, DeploymentSpec.parse(stored), identity, await surroundingsOf(db, identity));
  return { ...revision, inputDigest: inputDigest(stored) };
}

/**
 * Loads the context.
 * @throws Error when a row is missing, or a stored spec is not one this version knows
 */
export async function loadContext(db: Scoped, dataKeys: DataKeys, operation: Operation): Promise<OperationContext> {
  const { deployment, identity, cluster } = await loadDeployment(db, operation.resource_id);
  const revision = (number: number) => loadRevision(db, dataKeys, identity, number);
  const type = operation.type as OperationType;
  const applied = deployment.applied_revision === null ? undefined : await revision(deployment.applied_revision);
  const candidate = type === "deployment.plan" ? operation.input.spec : undefined;
  const place = planPlace(deployment.id, operation.id);
  const wanted =
    candidate === undefined
      ? await revision(revisionOf(operation, deployment))
      : withWorkload(
          deployment.wanted_revision,
          await openSpec(db, dataKeys, place, candidate),
          identity,
          await surroundingsOf(db, identity),
        );
  return {
    operation,
    type,
    deployment,
    identity,
    cluster,
    wanted,
    applied,
    changesVersion: applied !== undefined && applied.spec.version !== wanted.spec.version,
  };
}

function revisionOf({ type, input }: Operation, deployment: Deployment): number {
  // A destroy and the plain CLI act on what runs; where nothing ever did, on what was asked for.
  const current = deployment.applied_revision ?? deployment.wanted_revision;
  if (type === "deployment.destroy" || type === "stack.pulumi" || type === "deployment.plan") return current;
  return typeof input.revision === "number" ? input.revision : deployment.wanted_revision;
}

/** Apps on a machine of the control plane's reach it there; pods go the way that browsers go. */
async function surroundingsOf(db: Scoped, { environmentId }: DeploymentIdentity): Promise<Surroundings> {
  const signIn = await readSignInAddress(db);
  if (signIn === undefined) return {};
  const { kind } = await db
    .selectFrom("environments as e")
    .innerJoin("clusters as c", "c.id", "e.cluster_id")
    .select("c.kind")
    .where("e.id", "=", environmentId)
    .executeTakeFirstOrThrow();
  return { signIn: kind === "local" ? signIn : { ...signIn, internal: signIn.issuer } };
}

const withWorkload = (
  number: number,
  spec: DeploymentSpec,
  identity: DeploymentIdentity,
  surroundings: Surroundings,
): Revision => ({
  number,
  spec,
  workload: identity.appType === TEST_APP_TYPE ? null : workloadFor(spec, identity, surroundings),
});

function knownApp(name: string): DeploymentIdentity["appType"] {
  const known = [...appTypes, TEST_APP_TYPE] as const;
  const found = known.find((app) => app === name);
  if (found === undefined) throw new Error(`This version does not know the app '${name}'.`);
  return found;
}

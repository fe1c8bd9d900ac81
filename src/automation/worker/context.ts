/** Reads what an operation is about: the deployment, its cluster, the revisions before and after. */
import { appTypes, type DeploymentIdentity, DeploymentSpec, TEST_APP_TYPE } from "../../domain/deployment-spec.ts";
import type { OperationType } from "../../domain/operation.ts";
import type { Workload } from "../../domain/workload.ts";
import { workloadFor } from "../../stacks/apps/registry.ts";
import type { Scoped } from "../../store/database.ts";
import type { Cluster, Deployment, Operation } from "../../store/schema.ts";

export interface OperationContext {
  operation: Operation;
  type: OperationType;
  deployment: Deployment;
  identity: DeploymentIdentity;
  cluster: Cluster;
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
}

/**
 * Loads the context.
 * @throws Error when a row is missing, or a stored spec is not one this version knows
 */
export async function loadContext(db: Scoped, operation: Operation): Promise<OperationContext> {
  const deployment = await db
    .selectFrom("deployments")
    .selectAll()
    .where("id", "=", operation.resource_id)
    .executeTakeFirstOrThrow();
  const cluster = await db
    .selectFrom("clusters")
    .innerJoin("environments", "environments.cluster_id", "clusters.id")
    .selectAll("clusters")
    .where("environments.id", "=", deployment.environment_id)
    .executeTakeFirstOrThrow();
  const type = operation.type as OperationType;
  const identity: DeploymentIdentity = {
    deploymentId: deployment.id,
    organizationId: deployment.organization_id,
    environmentId: deployment.environment_id,
    name: deployment.name,
    appType: knownApp(deployment.app_type),
    hostLabel: deployment.host_label,
  };
  const revision = async (number: number): Promise<Revision> => {
    const { spec } = await db
      .selectFrom("deployment_specs")
      .select("spec")
      .where("deployment_id", "=", deployment.id)
      .where("revision", "=", number)
      .executeTakeFirstOrThrow();
    return withWorkload(number, DeploymentSpec.parse(spec), identity);
  };
  const appliedNumber = deployment.applied_revision;
  const applied = appliedNumber === null ? undefined : await revision(appliedNumber);
  const candidate = DeploymentSpec.safeParse(operation.input.spec);
  const wanted =
    type === "deployment.plan" && candidate.success
      ? withWorkload(deployment.wanted_revision, candidate.data, identity)
      : await revision(revisionOf(operation, deployment));
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

const withWorkload = (number: number, spec: DeploymentSpec, identity: DeploymentIdentity): Revision => ({
  number,
  spec,
  workload: identity.appType === TEST_APP_TYPE ? null : workloadFor(spec, identity),
});

function knownApp(name: string): DeploymentIdentity["appType"] {
  const known = [...appTypes, TEST_APP_TYPE] as const;
  const found = known.find((app) => app === name);
  if (found === undefined) throw new Error(`This version does not know the app '${name}'.`);
  return found;
}

/** The rows of a deployment: its record, and one of its specs per revision, sealed before they reach the database. */
import { sql } from "kysely";
import { type FirstOperation, operationParts, QueueFull } from "../../automation/operations/submit.ts";
import type { DeploymentSpec } from "../../domain/deployment-spec.ts";
import { OnveraError } from "../../domain/errors.ts";
import { hostLabel, hostSuffix } from "../../domain/names.ts";
import { auditInsert } from "../../store/audit.ts";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import type { Scoped } from "../../store/database.ts";
import { prepared } from "../../store/prepared.ts";
import { revisionPlace, sealSpec } from "../../store/spec-seal.ts";
import { capabilityIn } from "./deployment-rows.ts";
import { environmentNamed } from "./environments.ts";
import type { Requester } from "./requester.ts";

export interface NewRecord {
  /** Id, bare UUID or `env_default`. */
  environment: string;
  name: string;
  appType: string;
  isProtected: boolean;
  spec: DeploymentSpec;
  /** What its audit line tells. */
  change: Record<string, unknown>;
}

const CLUSTER_GONE = "The environment's cluster was abandoned or removed. Choose another environment";

/**
 * Inserts the record, its first revision, its audit line and the operation that brings it up, in one statement: the
 * caller waits for every further one.
 * @param operation what is queued for it; where its cluster is, is read here
 * @throws OnveraError ENVIRONMENT_NOT_FOUND, or RESOURCE_CONFLICT when its cluster was given up
 * @throws QueueFull
 */
export async function insertDeployment(
  db: Scoped,
  dataKeys: DataKeys,
  requester: Requester,
  wanted: NewRecord,
  operation: FirstOperation,
): Promise<void> {
  const { organizationId, actor } = requester;
  const id = operation.resourceId;
  const spec = await sealSpec(db, dataKeys, { organizationId, place: revisionPlace(id, 1) }, wanted.spec);
  const auditLine = auditInsert({
    ...requester,
    action: "deployment.create",
    targetType: "deployment",
    targetId: id,
    change: wanted.change,
    outcome: "accepted",
  });
  const queued = operationParts(operation, {
    capability: capabilityIn("environment"),
    from: sql`FROM made CROSS JOIN environment`,
  });
  // A host belongs to one deployment for ever; a suffix that is taken is drawn again (ON-29).
  for (;;) {
    const label = hostLabel(wanted.name, wanted.appType, hostSuffix());
    const statement = sql<{ is_made: boolean; is_queued: boolean; is_gone: boolean }>`
      WITH environment AS ${environmentNamed(db, organizationId, wanted.environment)},
      made AS (
        INSERT INTO deployments (id, organization_id, environment_id, name, app_type, host_label, protected, created_by)
        SELECT ${id}, ${organizationId}, environment.id, ${wanted.name}, ${wanted.appType}, ${label},
          ${wanted.isProtected}::boolean, ${actor.id}
        FROM environment
        WHERE NOT environment.is_gone
        ON CONFLICT (host_label) DO NOTHING
        RETURNING id
      ), revision AS (
        INSERT INTO deployment_specs (deployment_id, organization_id, revision, spec, created_by)
        SELECT made.id, ${organizationId}, 1, ${JSON.stringify(spec)}::jsonb, ${actor.id} FROM made
      ), audited AS (
        ${auditLine} FROM made
      ), ${queued}
      SELECT made.id IS NOT NULL AS is_made, queued.id IS NOT NULL AS is_queued, environment.is_gone
      FROM environment LEFT JOIN made ON true LEFT JOIN queued ON true`;
    const { rows } = await prepared("accept_deployment", statement).execute(db);
    const [found] = rows;
    if (!found) throw new OnveraError("ENVIRONMENT_NOT_FOUND");
    if (found.is_gone) throw new OnveraError("RESOURCE_CONFLICT", { message: CLUSTER_GONE });
    if (found.is_queued) return;
    if (found.is_made) throw new QueueFull();
  }
}

/** Inserts a later revision of a deployment's spec. */
export async function insertRevision(
  db: Scoped,
  dataKeys: DataKeys,
  { organizationId, actor }: Requester,
  { deploymentId, revision, spec }: { deploymentId: string; revision: number; spec: DeploymentSpec },
): Promise<void> {
  const place = revisionPlace(deploymentId, revision);
  await db
    .insertInto("deployment_specs")
    .values({
      deployment_id: deploymentId,
      organization_id: organizationId,
      revision,
      spec: JSON.stringify(await sealSpec(db, dataKeys, { organizationId, place }, spec)),
      created_by: actor.id,
    })
    .execute();
}

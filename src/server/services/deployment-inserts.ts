/** The rows of a deployment: its record, and one of its specs per revision, sealed before they reach the database. */
import { type CompiledQuery, type Kysely, sql } from "kysely";
import { type FirstOperation, hasRoom, operationParts, QueueFull } from "../../automation/operations/submit.ts";
import type { DeploymentSpec } from "../../domain/deployment-spec.ts";
import { OnveraError } from "../../domain/errors.ts";
import { hostLabel, hostSuffix } from "../../domain/names.ts";
import { auditInsert } from "../../store/audit.ts";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import type { Scoped, Store } from "../../store/database.ts";
import { prepared } from "../../store/prepared.ts";
import type { Tables } from "../../store/schema.ts";
import { holdsSealed, revisionPlace, sealSpec } from "../../store/spec-seal.ts";
import type { StoredSpec } from "../../store/tables/deployments.ts";
import { repeated } from "../transact.ts";
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
  /** Brings it up; where its cluster is, is read while the record is made. */
  operation: FirstOperation;
}

const CLUSTER_GONE = "The environment's cluster was abandoned or removed. Choose another environment";

/** Runs the one statement that makes a deployment. */
type RunStatement = (statement: (db: Kysely<Tables>) => CompiledQuery<Made>) => Promise<Made[]>;

interface Made {
  is_made: boolean;
  has_room: boolean;
  is_gone: boolean;
}

/**
 * Inserts the record, its first revision, its audit line and its operation in the caller's transaction.
 * @throws OnveraError ENVIRONMENT_NOT_FOUND, or RESOURCE_CONFLICT when its cluster was given up
 * @throws QueueFull
 */
export async function insertDeployment(
  db: Scoped,
  dataKeys: DataKeys,
  requester: Requester,
  wanted: NewRecord,
): Promise<void> {
  const place = revisionPlace(wanted.operation.resourceId, 1);
  const spec = await sealSpec(db, dataKeys, { organizationId: requester.organizationId, place }, wanted.spec);
  await insertWith(async (statement) => (await db.executeQuery(statement(db))).rows, requester, wanted, spec);
}

/**
 * The same as a transaction of its own, in one message to the database.
 * @param wanted its spec holds nothing that is sealed
 * @throws as insertDeployment
 */
export async function insertPlainDeployment(store: Store, requester: Requester, wanted: NewRecord): Promise<void> {
  if (holdsSealed(wanted.spec)) throw new Error("A spec with secrets is sealed within a transaction");
  await insertWith(
    (statement) => repeated(() => store.inOneMessage(requester.organizationId, statement)),
    requester,
    wanted,
    wanted.spec,
  );
}

async function insertWith(run: RunStatement, requester: Requester, wanted: NewRecord, spec: StoredSpec): Promise<void> {
  // A host belongs to one deployment for ever; a suffix that is taken is drawn again (ON-29).
  for (;;) {
    const label = hostLabel(wanted.name, wanted.appType, hostSuffix());
    const [found] = await run((db) => insertion(db, requester, wanted, { spec, label }));
    if (!found) throw new OnveraError("ENVIRONMENT_NOT_FOUND");
    if (found.is_gone) throw new OnveraError("RESOURCE_CONFLICT", { message: CLUSTER_GONE });
    if (!found.has_room) throw new QueueFull();
    if (found.is_made) return;
  }
}

/** All of it in one statement, since the caller waits for every further one: either all of it is made or nothing. */
function insertion(
  db: Kysely<Tables>,
  requester: Requester,
  { environment, name, appType, isProtected, change, operation }: NewRecord,
  { spec, label }: { spec: StoredSpec; label: string },
): CompiledQuery<Made> {
  const { organizationId, actor } = requester;
  const { resourceId: id } = operation;
  const auditLine = auditInsert({
    ...requester,
    action: "deployment.create",
    targetType: "deployment",
    targetId: id,
    change,
    outcome: "accepted",
  });
  const queued = operationParts(operation, {
    capability: capabilityIn("environment"),
    where: sql`FROM made CROSS JOIN environment`,
  });
  return prepared(
    "accept_deployment",
    sql<Made>`
      WITH environment AS ${environmentNamed(db, organizationId, environment)},
      queue AS (SELECT ${hasRoom(operation)} AS has_room),
      made AS (
        INSERT INTO deployments (id, organization_id, environment_id, name, app_type, host_label, protected, created_by)
        SELECT ${id}, ${organizationId}, environment.id, ${name}, ${appType}, ${label}, ${isProtected}::boolean, ${actor.id}
        FROM environment CROSS JOIN queue
        WHERE queue.has_room AND NOT environment.is_gone
        ON CONFLICT (host_label) DO NOTHING
        RETURNING id
      ), revision AS (
        INSERT INTO deployment_specs (deployment_id, organization_id, revision, spec, created_by)
        SELECT made.id, ${organizationId}, 1, ${JSON.stringify(spec)}::jsonb, ${actor.id} FROM made
      ), audited AS (
        ${auditLine} FROM made
      ), ${queued}
      SELECT made.id IS NOT NULL AS is_made, queue.has_room, environment.is_gone
      FROM environment CROSS JOIN queue LEFT JOIN made ON true`,
  ).compile(db);
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

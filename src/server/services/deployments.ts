/** What happens when somebody creates, changes or destroys a deployment: facts and operation in one transaction. */
import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { requestCancel } from "../../automation/operations/cancel.ts";
import { submitOperation } from "../../automation/operations/submit.ts";
import { type DeploymentAction, refusal } from "../../domain/deployment-gate.ts";
import { type DeploymentSpec, TEST_APP_TYPE } from "../../domain/deployment-spec.ts";
import { type FieldError, OnveraError } from "../../domain/errors.ts";
import { generatedName } from "../../domain/generated-name.ts";
import { newId, parseId } from "../../domain/ids.ts";
import type { OperationType } from "../../domain/operation.ts";
import {
  type AnyAppType,
  changedSpec,
  isAppType,
  newSpec,
  type SettingsChanges,
  sameSpec,
} from "../../domain/spec-changes.ts";
import { fitsEveryCluster, placeFaults, specFaults } from "../../domain/spec-faults.ts";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import type { Scoped } from "../../store/database.ts";
import { planPlace, sealSpec } from "../../store/spec-seal.ts";
import type { Operation } from "../../store/tables/operations.ts";
import type { ServerDeps } from "../deps.ts";
import { DEFAULT_ENVIRONMENT, etagOf } from "../views/deployment-view.ts";
import { insertRevision, type NewRecord } from "./deployment-inserts.ts";
import { capabilityOf, type DeploymentRow, gateFacts, lockDeployment } from "./deployment-rows.ts";
import { findEnvironment } from "./environments.ts";
import type { Requester } from "./requester.ts";

export interface NewDeployment extends SettingsChanges {
  app_type: string;
  name?: string | undefined;
  environment_id?: string | undefined;
  protected?: boolean | undefined;
}

/**
 * What a request for a new deployment comes to: its record, its first spec and the operation that brings it up.
 * @param deps `testApps` says whether the bench app is accepted
 * @throws OnveraError INVALID_REQUEST or VALIDATION_ERROR
 */
export function newRecord(
  requester: Requester,
  wanted: NewDeployment,
  { testApps }: Pick<ServerDeps, "testApps">,
): NewRecord {
  const appType = knownApp(wanted.app_type, testApps);
  const spec = newSpec(appType, wanted);
  refuseFaults(specFaults(appType, spec));
  const operation = {
    ...operationOf(requester, "deployment.create", newId("deployment"), { revision: 1 }),
    id: newId("operation"),
  };
  return {
    environment: wanted.environment_id ?? DEFAULT_ENVIRONMENT,
    name: wanted.name ?? generatedName(appType),
    appType,
    isProtected: wanted.protected ?? false,
    spec,
    change: { app_type: wanted.app_type, name: wanted.name ?? null, operation_id: operation.id },
    operation,
  };
}

/** @throws OnveraError VALIDATION_ERROR, naming what its cluster cannot do, or ENVIRONMENT_NOT_FOUND */
export async function refuseUnfitPlace(db: Scoped, requester: Requester, wanted: NewRecord): Promise<void> {
  if (fitsEveryCluster(wanted.spec)) return;
  const { kind } = await findEnvironment(db, requester.organizationId, wanted.environment);
  refuseFaults(placeFaults(wanted.spec, kind));
}

/**
 * Loads and locks a deployment for an action, and asks the gate.
 * @param ifMatch the ETag the caller read, when one was sent
 * @throws OnveraError DEPLOYMENT_NOT_FOUND, PRECONDITION_FAILED, or the gate's refusal
 */
export async function openForAction(
  db: Scoped,
  dataKeys: DataKeys,
  requester: Requester,
  { id, action, ifMatch }: { id: string; action: DeploymentAction; ifMatch: string | undefined },
): Promise<DeploymentRow> {
  const row = await openDeployment(db, dataKeys, requester, { id, ifMatch });
  const refused = refusal(action, gateFacts(row));
  if (refused) throw new OnveraError(refused.code, refused);
  return row;
}

/** Loads and locks a deployment. @throws OnveraError DEPLOYMENT_NOT_FOUND or PRECONDITION_FAILED */
export async function openDeployment(
  db: Scoped,
  dataKeys: DataKeys,
  requester: Requester,
  { id, ifMatch }: { id: string; ifMatch: string | undefined },
): Promise<DeploymentRow> {
  const deploymentId = parseId("deployment", id);
  const row = deploymentId && (await lockDeployment(db, dataKeys, requester.organizationId, deploymentId));
  if (!row) throw new OnveraError("DEPLOYMENT_NOT_FOUND");
  if (ifMatch !== undefined && ifMatch !== "*" && !ifMatch.split(/\s*,\s*/).includes(etagOf(row))) {
    throw new OnveraError("PRECONDITION_FAILED");
  }
  return row;
}

/** The spec that `changes` lead to. @throws OnveraError VALIDATION_ERROR naming each field */
export function checkedChange(row: DeploymentRow, changes: SettingsChanges): DeploymentSpec {
  const spec = changedSpec(row.spec, changes);
  refuseFaults([...specFaults(row.app_type as AnyAppType, spec, row.spec), ...placeFaults(spec, row.cluster_kind)]);
  return spec;
}

export const changesNothing = (row: DeploymentRow, spec: DeploymentSpec): boolean => sameSpec(row.spec, spec);

/** Writes the next revision and queues the operation that applies it. */
export async function submitRevision(
  db: Scoped,
  dataKeys: DataKeys,
  requester: Requester,
  row: DeploymentRow,
  { type, spec }: { type: OperationType; spec: DeploymentSpec },
): Promise<Operation> {
  const newest = await db
    .selectFrom("deployment_specs")
    .select(({ fn }) => fn.max("revision").as("revision"))
    .where("deployment_id", "=", row.id)
    .executeTakeFirstOrThrow();
  const revision = newest.revision + 1;
  await insertRevision(db, dataKeys, requester, { deploymentId: row.id, revision, spec });
  await db
    .updateTable("deployments")
    .set({ wanted_revision: revision, version: sql`version + 1` })
    .where("id", "=", row.id)
    .execute();
  const input = { revision, previous_revision: row.applied_revision ?? row.wanted_revision };
  return submit(db, requester, type, row.id, clusterOf(row), input);
}

/** Queues a plan. Its spec is stored with the operation, sealed as a revision's is. */
export async function submitPlan(
  db: Scoped,
  dataKeys: DataKeys,
  requester: Requester,
  row: DeploymentRow,
  { spec, destroy }: { spec: DeploymentSpec; destroy: boolean },
): Promise<Operation> {
  const id = newId("operation");
  const seat = { organizationId: requester.organizationId, place: planPlace(row.id, id) };
  const input = { spec: await sealSpec(db, dataKeys, seat, spec), destroy };
  return submit(db, requester, "deployment.plan", row.id, clusterOf(row), input, id);
}

/** Queues an operation that changes no revision, such as the operator's pulumi command. */
export function submitPlain(
  db: Scoped,
  requester: Requester,
  row: DeploymentRow,
  { type, input }: { type: OperationType; input: Record<string, unknown> },
): Promise<Operation> {
  return submit(db, requester, type, row.id, clusterOf(row), input);
}

/** Queues the destroy. A change that has not begun is canceled; one that runs is waited for. */
export async function submitDestroy(db: Scoped, requester: Requester, row: DeploymentRow): Promise<Operation> {
  for (const operation of row.active_operations) {
    if (operation.slot === "changing" && operation.status === "queued") {
      await requestCancel(db, operation.id, requester.actor);
    }
  }
  await db
    .updateTable("deployments")
    .set({ destroy_requested_at: sql`COALESCE(destroy_requested_at, now())`, version: sql`version + 1` })
    .where("id", "=", row.id)
    .execute();
  return submit(db, requester, "deployment.destroy", row.id, clusterOf(row), {});
}

/** A token that was never used before: changing it is what makes a restart or a DAG sync happen. */
export const freshToken = (now: Date): string => `${now.toISOString()}-${randomUUID().slice(0, 8)}`;

function knownApp(text: string, testApps: boolean): AnyAppType {
  if (isAppType(text)) return text;
  if (testApps && text === TEST_APP_TYPE) return text;
  const message = "Invalid app_type. Must be 'airflow' or 'superset'";
  throw new OnveraError("INVALID_REQUEST", { message, fields: [{ pointer: "/app_type", message }] });
}

function refuseFaults(faults: FieldError[]): void {
  const [first] = faults;
  if (first) throw new OnveraError("VALIDATION_ERROR", { message: first.message, fields: faults });
}

const clusterOf = (row: DeploymentRow) => ({ kind: row.cluster_kind, node: row.cluster_node });

function submit(
  db: Scoped,
  requester: Requester,
  type: OperationType,
  deploymentId: string,
  cluster: { kind: string; node: string | null },
  input: Record<string, unknown>,
  id?: string,
): Promise<Operation> {
  return submitOperation(db, {
    ...(id === undefined ? {} : { id }),
    ...operationOf(requester, type, deploymentId, input),
    capability: capabilityOf(cluster),
  });
}

const operationOf = (
  { organizationId, actor, origin, requestId }: Requester,
  type: OperationType,
  deploymentId: string,
  input: Record<string, unknown>,
) => ({
  organizationId,
  type,
  resourceType: "deployment",
  resourceId: deploymentId,
  input,
  requestedBy: actor,
  origin,
  requestId,
});

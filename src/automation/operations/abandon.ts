/**
 * Gives a deployment up whose cluster is gone: nothing is removed anywhere, and what may still be there is written down.
 * It is an operation like any other in the records, done in the transaction that asks for it: no worker could do more.
 */
import { sql } from "kysely";
import { DEPLOYMENT_LABEL, namespaceName } from "../../domain/kubernetes-names.ts";
import { databaseName } from "../../domain/names.ts";
import type { Scoped } from "../../store/database.ts";
import type { Operation } from "../../store/tables/operations.ts";
import type { ReceiptItem } from "../../store/tables/stacks.ts";
import { recordedResources } from "../recovery/recorded-resources.ts";
import { recordDeploymentSuccess } from "./deployment-facts.ts";
import { appendEvents } from "./event-log.ts";
import { raiseFence } from "./fence.ts";
import { OperationConflict, type OperationRequest, submitOperation } from "./submit.ts";

export interface Abandonment extends Omit<OperationRequest, "id" | "type" | "resourceType" | "input"> {
  /** Why nobody could look, for the record. */
  reason: string;
}

export interface Abandoned {
  operation: Operation;
  /** Under which the stack's state may be removed; older engines write no more. */
  generation: number;
  items: ReceiptItem[];
}

/**
 * Gives it up, in the caller's transaction, which holds the deployment's row. What is queued is canceled.
 * @throws OperationConflict while an operation runs
 */
export async function abandonDeployment(db: Scoped, { reason, ...request }: Abandonment): Promise<Abandoned> {
  const { resourceId } = request;
  await endQueued(db, resourceId);
  const running = await db
    .selectFrom("operations")
    .select(["id", "type", "status"])
    .where("resource_id", "=", resourceId)
    .where("status", "=", "running")
    .executeTakeFirst();
  if (running) throw new OperationConflict(running);
  await db
    .updateTable("deployments")
    .set({ destroy_requested_at: sql`COALESCE(destroy_requested_at, now())`, version: sql`version + 1` })
    .where("id", "=", resourceId)
    .execute();
  const asked = { ...request, type: "deployment.abandon", resourceType: "deployment", input: { reason } } as const;
  const { id } = await submitOperation(db, asked);
  const generation = await raiseFence(db, { stackName: resourceId, operationId: id, atLeast: 1 });
  const items = await leakRecord(db, resourceId, reason);
  const operation = await done(db, id, items);
  await recordDeploymentSuccess(db, operation, { receipt: items }, operation.ended_at ?? new Date());
  await db.deleteFrom("create_intents").where("stack_name", "=", resourceId).execute();
  return { operation, generation, items };
}

async function endQueued(db: Scoped, deploymentId: string): Promise<void> {
  const ended = await db
    .updateTable("operations")
    .set({ status: "canceled", ended_at: sql<Date>`now()`, message: "The deployment was abandoned" })
    .where("resource_id", "=", deploymentId)
    .where("status", "=", "queued")
    .returning("id")
    .execute();
  for (const { id } of ended) await appendEvents(db, id, endOf("canceled"));
}

async function done(db: Scoped, operationId: string, items: readonly ReceiptItem[]): Promise<Operation> {
  const operations = db.updateTable("operations").where("id", "=", operationId);
  await operations.set({ status: "running", started_at: sql<Date>`now()` }).execute();
  const result = JSON.stringify({ receipt: items });
  const operation = await operations
    .set({ status: "succeeded", ended_at: sql<Date>`now()`, message: "Done", result })
    .returningAll()
    .executeTakeFirstOrThrow();
  await appendEvents(db, operationId, endOf("succeeded"));
  return operation;
}

/** What the records name and was not seen to go, and what nobody could look for. */
async function leakRecord(db: Scoped, deploymentId: string, detail: string): Promise<ReceiptItem[]> {
  const nobody = { found: "unknown", looked_up_by: "nobody", looked_up_at: new Date().toISOString(), detail } as const;
  const recorded = await recordedResources(db, deploymentId);
  const place = `label ${DEPLOYMENT_LABEL}=${deploymentId}, namespace ${namespaceName(deploymentId)}`;
  const server = `database and roles ${databaseName(deploymentId)}…`;
  return [
    ...recorded
      .filter(({ deleted }) => !deleted)
      .map(({ urn, type, physicalId }) => ({
        urn,
        type,
        physical_id: physicalId,
        listed_by: "record" as const,
        ...nobody,
      })),
    ...[place, server].map((about) => ({
      urn: "",
      type: "onvera:sweep",
      physical_id: about,
      listed_by: "owner_mark" as const,
      ...nobody,
    })),
  ];
}

const endOf = (status: "canceled" | "succeeded") => [
  { type: "status" as const, data: { status } },
  { type: "end" as const, data: { status } },
];

/**
 * What an operation's end means for its deployment: facts only, the status follows from them (ON-38, TN-11).
 * Every function runs in the transaction that ends the operation, so the two never disagree.
 */
import { sql } from "kysely";
import type { OperationError } from "../../domain/operation.ts";
import type { Scoped } from "../../store/database.ts";
import type { Condition, Deployment } from "../../store/tables/deployments.ts";
import type { Operation } from "../../store/tables/operations.ts";
import type { ReceiptItem } from "../../store/tables/stacks.ts";

export interface OperationSuccess {
  /** Public outputs of the run; absent leaves the stored ones. */
  outputs?: Record<string, unknown>;
  receipt?: ReceiptItem[];
  /** Of the spec that was applied. */
  inputDigest?: string;
}

/** Records that the operation did what was asked. */
export async function recordDeploymentSuccess(
  db: Scoped,
  operation: Operation,
  success: OperationSuccess,
  now: Date,
): Promise<void> {
  const deployment = await changedDeployment(db, operation);
  if (!deployment) return;
  if (operation.slot === "destroy") return recordDestroyed(db, operation, success.receipt ?? [], now);
  await change(db, deployment, {
    ...(operation.type === "deployment.create" && deployment.failed_at === null
      ? { first_ready_at: deployment.first_ready_at ?? now }
      : {}),
    applied_revision: appliedRevision(operation) ?? deployment.wanted_revision,
    conditions: without(deployment.conditions, ["update_failed"]),
    refresh_needed_since: null,
    applied_input: success.inputDigest ?? null,
    ...(success.outputs === undefined ? {} : { outputs: success.outputs }),
  });
}

/** Records that the operation was given up; what ran before it goes on running (TN-3). */
export async function recordDeploymentFailure(
  db: Scoped,
  operation: Operation,
  error: Pick<OperationError, "code" | "message">,
  now: Date,
): Promise<void> {
  const deployment = await changedDeployment(db, operation);
  if (!deployment) return;
  const condition = (type: string): Condition => ({
    type,
    status: "true",
    reason: error.code,
    message: error.message,
    since: now.toISOString(),
  });
  if (operation.type === "deployment.destroy") {
    await change(db, deployment, { conditions: withCondition(deployment.conditions, condition("destroy_blocked")) });
  } else if (operation.type === "deployment.create") {
    const type = error.code === "CANCELED" ? "canceled" : "create_failed";
    await change(db, deployment, {
      ...(deployment.first_ready_at === null ? { failed_at: deployment.failed_at ?? now } : {}),
      conditions: withCondition(deployment.conditions, condition(type)),
    });
  } else {
    await change(db, deployment, {
      wanted_revision: deployment.applied_revision ?? deployment.wanted_revision,
      conditions: withCondition(deployment.conditions, condition("update_failed")),
    });
  }
}

/** A canceled operation leaves the same facts as a failed one, with `canceled` as the reason (TN-11). */
export async function recordCanceledDeployment(db: Scoped, operation: Operation, now: Date): Promise<void> {
  await recordDeploymentFailure(db, operation, { code: "CANCELED", message: "The operation was canceled." }, now);
}

async function recordDestroyed(db: Scoped, operation: Operation, receipt: ReceiptItem[], now: Date): Promise<void> {
  await db
    .insertInto("destroy_receipts")
    .values({
      deployment_id: operation.resource_id,
      organization_id: operation.organization_id,
      operation_id: operation.id,
      items: JSON.stringify(receipt),
      written_at: now,
    })
    .onConflict((conflict) => conflict.column("deployment_id").doNothing())
    .execute();
  await db
    .updateTable("deployments")
    .set({ destroyed_at: now, conditions: "[]", outputs: "{}", version: sql`version + 1` })
    .where("id", "=", operation.resource_id)
    .execute();
}

/** The deployment an operation changes, locked; undefined for kinds that change none. */
async function changedDeployment(db: Scoped, operation: Operation): Promise<Deployment | undefined> {
  if (operation.resource_type !== "deployment" || operation.slot === "reading" || operation.type === "stack.pulumi") {
    return undefined;
  }
  return db
    .selectFrom("deployments")
    .selectAll()
    .where("id", "=", operation.resource_id)
    .forUpdate()
    .executeTakeFirst();
}

interface Facts {
  first_ready_at?: Date;
  failed_at?: Date;
  applied_revision?: number;
  wanted_revision?: number;
  conditions?: Condition[];
  outputs?: Record<string, unknown>;
  refresh_needed_since?: null;
  applied_input?: string | null;
}

async function change(db: Scoped, deployment: Deployment, facts: Facts): Promise<void> {
  const { conditions, outputs, ...columns } = facts;
  await db
    .updateTable("deployments")
    .set({
      ...columns,
      ...(conditions === undefined ? {} : { conditions: JSON.stringify(conditions) }),
      ...(outputs === undefined ? {} : { outputs: JSON.stringify(outputs) }),
      version: sql`version + 1`,
    })
    .where("id", "=", deployment.id)
    .execute();
}

function appliedRevision(operation: Operation): number | undefined {
  const { revision } = operation.input;
  return typeof revision === "number" ? revision : undefined;
}

const without = (conditions: Condition[], types: string[]): Condition[] =>
  conditions.filter((condition) => !types.includes(condition.type));

const withCondition = (conditions: Condition[], added: Condition): Condition[] => [
  ...without(conditions, [added.type]),
  added,
];

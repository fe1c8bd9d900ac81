/** A PATCH: what changes at once, and what becomes an operation. */
import { sql } from "kysely";
import { refusal } from "../../domain/deployment-gate.ts";
import { OnveraError } from "../../domain/errors.ts";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import type { Scoped } from "../../store/database.ts";
import type { Operation } from "../../store/tables/operations.ts";
import type { UpdateDeployment } from "../schemas/deployments.ts";
import { type DeploymentRow, findDeployment, gateFacts } from "./deployment-rows.ts";
import { changesNothing, checkedChange, openDeployment, submitRevision } from "./deployments.ts";
import type { Requester } from "./requester.ts";

/**
 * Applies a PATCH in the caller's transaction.
 * @returns the row as it is now, and the operation when settings changed
 * @throws OnveraError for every refusal; nothing is changed then
 */
export async function applyUpdate(
  db: Scoped,
  dataKeys: DataKeys,
  requester: Requester,
  { id, ifMatch, wanted }: { id: string; ifMatch: string | undefined; wanted: UpdateDeployment },
): Promise<{ row: DeploymentRow; operation: Operation | undefined }> {
  const row = await openDeployment(db, dataKeys, requester, { id, ifMatch });
  if (row.status === "destroyed") {
    throw new OnveraError("RESOURCE_CONFLICT", { message: "Deployment has been destroyed" });
  }
  const { name, protected: isProtected, confirm_name: confirmedName, ...changes } = wanted;
  if (isProtected === false && row.protected) requireName(row, confirmedName);
  if (isProtected === true && row.destroy_requested_at) {
    throw new OnveraError("RESOURCE_CONFLICT", { message: "Deployment is already being destroyed" });
  }
  const facts = {
    ...(name === undefined || name === row.name ? {} : { name }),
    ...(isProtected === undefined || isProtected === row.protected ? {} : { protected: isProtected }),
  };
  if (Object.keys(facts).length > 0) {
    await db
      .updateTable("deployments")
      .set({ ...facts, version: sql`version + 1` })
      .where("id", "=", row.id)
      .execute();
  }
  const spec = checkedChange(row, changes);
  const changesSettings = !changesNothing(row, spec);
  // What is wanted already may still fail: while it is under way, asking for it again is no success.
  const asksAgain = Object.keys(changes).length > 0 && gateFacts(row).changing !== null;
  if (changesSettings || asksAgain) {
    const refused = refusal("update", gateFacts(row));
    if (refused) throw new OnveraError(refused.code, refused);
    const operation = await submitRevision(db, dataKeys, requester, row, { type: "deployment.update", spec });
    return { row, operation };
  }
  const current = await findDeployment(db, dataKeys, requester.organizationId, row.id);
  return { row: current ?? row, operation: undefined };
}

function requireName(row: DeploymentRow, confirmedName: string | undefined): void {
  if (confirmedName === row.name) return;
  throw new OnveraError("VALIDATION_ERROR", {
    message: `To take the protection away, send confirm_name with the deployment's name, ${JSON.stringify(row.name)}`,
    fields: [{ pointer: "/confirm_name", message: "This is not the deployment's name." }],
  });
}
